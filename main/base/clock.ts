import { setTimeout as sleep } from 'node:timers/promises'
import { readFileSync } from 'node:fs'
import { timerMs } from '../../shared/timer.ts'

/** Time, handed in: decisions and tests never read the process's own clocks. */
export interface Clock {
  /** Monotonic milliseconds; for every duration. */
  now(): number
  /** Wall clock, epoch milliseconds; for stamps only. */
  wall(): number
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls once after `ms`; keeps no process alive. */
  timer(ms: number, run: () => void): { cancel(): void }
}

export function systemClock(): Clock {
  return {
    now: () => performance.now(),
    wall: () => Date.now(),
    sleep: async (ms, signal) => {
      await sleep(timerMs(ms), undefined, signal ? { signal } : {})
    },
    timer: (ms, run) => {
      const handle = setTimeout(run, timerMs(ms))
      handle.unref()
      return { cancel: () => clearTimeout(handle) }
    },
  }
}

/** Seconds on a clock that no wall jump moves, and which boot it counts from; null where a system has none. */
export type Uptime = { readonly boot: string; readonly seconds: number } | null

/**
 * Seconds on a clock that no wall jump moves, comparable between processes of one boot. On Linux Node's hrtime is
 * CLOCK_MONOTONIC, which counts from boot and stands still in suspend. null elsewhere: the wall clock has to do.
 */
export function bootClock(): () => Uptime {
  const boot = bootId()
  return () => (boot === null ? null : { boot, seconds: Number(process.hrtime.bigint()) / 1e9 })
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return null // not Linux, or /proc is not there
  }
}

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
