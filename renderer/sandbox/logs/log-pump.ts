import type { LogBuffer } from './log-buffer.ts'

export interface LogPump {
  /** Settles once what waits has been put among the items, or enough of it: so a flood waits, or is dropped, in the engine. */
  soon(): Promise<void>
  close(): void
}

/** Lines put among the items at once: bounded work a frame, well above 10,000 a second. */
const mostAtOnce = 4000
/**
 * Moves what came into what is shown, once a frame at most, and no sooner than `between` ms after the last time. `frame`: as
 * requestAnimationFrame.
 */
export function logPump(log: LogBuffer, changed: () => void, between: () => number, frame: (run: (now: number) => void) => number, cancel: (id: number) => void): LogPump {
  let wanted = 0
  let last = -Infinity
  let waiting: (() => void)[] = []

  function turn(now: number): void {
    wanted = 0
    if (now - last < between()) return ask()
    last = now
    const more = log.drain(mostAtOnce)
    for (const done of waiting.splice(0)) done()
    changed()
    if (more) ask()
  }

  function ask(): void {
    if (wanted === 0) wanted = frame(turn)
  }

  return {
    soon() {
      ask()
      return new Promise((resolve) => waiting.push(resolve))
    },
    close() {
      cancel(wanted)
      for (const done of waiting) done()
      waiting = []
    },
  }
}
