import type { ClaimSteps } from '../../main/core/slot-claim.ts'

/** Every step of a claim has two borders: before its effect, and after. At the armed one the process is gone: kill -9. */
export interface Borders {
  around(steps: ClaimSteps): ClaimSteps
  /** Counts from here; at the Nth border the process ends. */
  arm(at: number): void
  /** Names of the borders passed since. */
  passed(): readonly string[]
}

export function killAt(): Borders {
  let armed = Infinity
  let names: string[] = []
  const pass = (name: string) => {
    names.push(name)
    if (names.length === armed) process.kill(process.pid, 'SIGKILL')
  }
  const wrap =
    <A extends unknown[], R>(name: string, step: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      pass(`before ${name}`)
      const result = await step(...args)
      pass(`after ${name}`)
      return result
    }
  return {
    around: (steps) => {
      const all = Object.entries(steps) as [keyof ClaimSteps, (...args: unknown[]) => Promise<unknown>][]
      return Object.fromEntries(all.map(([name, step]) => [name, wrap(name, step)])) as unknown as ClaimSteps
    },
    arm: (at) => {
      armed = at
      names = []
    },
    passed: () => names,
  }
}
