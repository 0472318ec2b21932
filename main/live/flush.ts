import type { Clock } from '../clock.ts'

/** Runs a piece of work soon after it was asked for, once however often that was. */
export interface Flush {
  ask(): void
  close(): void
}

/** `ms` after the first ask, which is the longest that anything waits. */
export function flushAfter(clock: Clock, ms: number, work: () => void): Flush {
  let timer: { cancel(): void } | null = null
  let closed = false
  return {
    ask() {
      if (closed) return
      timer ??= clock.timer(ms, () => {
        timer = null
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
