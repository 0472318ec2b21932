import { setTimeout as sleep } from 'node:timers/promises'
import { timerMs } from '../shared/timer.ts'

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
