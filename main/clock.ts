import { setTimeout as sleep } from 'node:timers/promises'

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

/** Longest delay that a Node timer can have. */
const longest = 2_147_483_647

export function systemClock(): Clock {
  return {
    now: () => performance.now(),
    wall: () => Date.now(),
    sleep: async (ms, signal) => {
      await sleep(Math.min(ms, longest), undefined, signal ? { signal } : {})
    },
    timer: (ms, run) => {
      const handle = setTimeout(run, Math.min(Math.max(0, ms), longest))
      handle.unref()
      return { cancel: () => clearTimeout(handle) }
    },
  }
}
