import type { Clock } from '../clock.ts'

/** Runs a piece of work soon after it was asked for, once however often that was. */
export interface Flush {
  ask(): void
  close(): void
}

/** What belongs together is asked for within this; after a quiet time nobody waits longer. */
const gatherMs = 5

/** At most once in `ms`, which is the longest that anything waits; after a quiet time almost at once. */
export function flushAfter(clock: Clock, ms: number, work: () => void): Flush {
  let timer: { cancel(): void } | null = null
  let closed = false
  let last = -Infinity
  return {
    ask() {
      if (closed || timer) return
      timer = clock.timer(Math.max(Math.min(gatherMs, ms), last + ms - clock.now()), () => {
        timer = null
        last = clock.now()
        work()
      })
    },
    close() {
      closed = true
      timer?.cancel()
      timer = null
    },
  }
}
