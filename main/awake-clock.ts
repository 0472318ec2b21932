import type { Clock } from './clock.ts'

/** Looked at this often. Milliseconds. */
const beatMs = 2000
/** More than this between two looks: this process did not run meanwhile, or could do nothing. */
const gapMs = 5000

/**
 * A clock that stands still while this process does: stopped by a signal, or asleep with its machine where the system counts
 * that. Nobody could call meanwhile, so it is nobody's idleness; and what was waited for gets the rest of its time, as its
 * answer may lie there unread. `close` ends its beat.
 */
export function awakeClock(base: Clock): Clock & { close(): void } {
  let seen = base.now()
  let away = 0
  let closed = false

  function now(): number {
    const raw = base.now()
    const gap = raw - seen
    seen = raw
    // Until the beat that did not come it may well have run.
    if (gap > gapMs && !closed) away += gap - beatMs
    return raw - away
  }

  let pulse = base.timer(beatMs, beat)
  function beat(): void {
    now()
    if (!closed) pulse = base.timer(beatMs, beat)
  }

  return {
    now,
    wall: () => base.wall(),
    async sleep(ms, signal) {
      const due = now() + ms
      do await base.sleep(Math.max(0, due - now()), signal)
      while (due - now() > 1)
    },
    timer(ms, run) {
      const due = now() + ms
      const look = () => {
        const left = due - now()
        if (left > 1) handle = base.timer(left, look)
        else run()
      }
      let handle = base.timer(ms, look)
      return { cancel: () => handle.cancel() }
    },
    close() {
      closed = true
      pulse.cancel()
    },
  }
}
