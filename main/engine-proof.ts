import { asBerthError, type BerthError } from '../shared/errors.ts'
import type { NewEvent } from '../shared/event.ts'

/** Whether the engine sees this machine's files: a remote one would mount directories of its own under our paths. */
export interface EngineProof {
  /** ENGINE_ELSEWHERE once that is known; null before, and where all is well. */
  problem(): BerthError | null
  /** Once per engine start; anything but a clear no is tried again at the next call. */
  check(image: string): void
  close(): Promise<void>
}

export function proveEngine(deps: { prove: ((image: string, signal: AbortSignal) => Promise<void>) | null; publish: (event: NewEvent) => void }): EngineProof {
  const control = new AbortController()
  let problem: BerthError | null = null
  let settled = deps.prove === null
  let running: Promise<void> | null = null

  async function run(prove: NonNullable<typeof deps.prove>, image: string): Promise<void> {
    try {
      await prove(image, control.signal)
      settled = true
    } catch (error) {
      const found = asBerthError(error)
      if (control.signal.aborted) return
      if (found.code === 'ENGINE_ELSEWHERE') {
        settled = true
        problem = found
      }
      deps.publish({ type: 'engine.unproven', who: 'berth:engine', text: found.message, details: { code: found.code, next: found.next } })
    } finally {
      running = null
    }
  }

  return {
    problem: () => problem,
    check(image) {
      if (!settled && deps.prove) running ??= run(deps.prove, image)
    },
    async close() {
      control.abort()
      await running
    },
  }
}
