import type { Clock } from '../clock.ts'
import type { FileLocks, HeldLock } from './file-lock.ts'

/** Where somebody else has it: asked again after this. Milliseconds. */
const againMs = 5000

/** A lock for as long as a process works: lost, say because somebody tidied the directory, it is taken again. `problem`: another one has it by now. */
export function keepLock(locks: FileLocks, name: string, first: HeldLock, { clock, problem }: { clock: Clock; problem: (error: unknown) => void }): { release(): Promise<void> } {
  const over = new AbortController()
  let held = first
  follow()

  function follow(): void {
    const { broken } = held
    if (broken.aborted) void again()
    else broken.addEventListener('abort', () => void again(), { once: true })
  }

  async function again(): Promise<void> {
    for (let tries = 0; !over.signal.aborted; tries += 1) {
      try {
        const next = await locks.tryTake(name)
        if (next !== null) {
          held = next
          if (over.signal.aborted) await held.release()
          else follow()
          return
        }
        if (tries === 0) problem(held.broken.reason)
      } catch (error) {
        if (tries === 0) problem(error)
      }
      await clock.sleep(againMs, over.signal).catch(() => undefined) // it was released
    }
  }

  return {
    async release() {
      over.abort()
      await held.release()
    },
  }
}
