import { asBerthError } from '../shared/errors.ts'
import type { NewEvent } from '../shared/event.ts'
import type { Progress } from '../shared/sandbox.ts'
import type { Backend } from './backends/backend.ts'

/** Gets the image ready in the background, so that the first acquire need not, and tells how far it is. */
export interface ImageKeeper {
  /** Starts, or starts again after a failure. Does nothing while one is on its way. */
  start(): void
  progress(): Progress | null
  close(): Promise<void>
}

export function keepImage(deps: { backend: Backend; image: () => string; publish: (event: NewEvent) => void; ready: (image: string) => void }): ImageKeeper {
  const control = new AbortController()
  let running: Promise<void> | null = null
  let progress: Progress | null = null

  async function prepare(image: string): Promise<void> {
    try {
      if (await deps.backend.prepared(image)) return deps.ready(image)
      deps.publish({ type: 'image.preparing', who: 'berth:image', text: `The image ${image} is being made ready` })
      await deps.backend.prepare(image, (step) => { progress = step }, control.signal)
      deps.publish({ type: 'image.ready', who: 'berth:image', text: `The image ${image} is ready` })
      deps.ready(image)
    } catch (error) {
      if (control.signal.aborted) return
      // Not fatal: the first acquire tries again and gets the error as its answer.
      const problem = asBerthError(error)
      deps.publish({ type: 'image.failed', who: 'berth:image', text: problem.message, details: { code: problem.code, next: problem.next } })
    } finally {
      progress = null
      running = null
    }
  }

  return {
    start: () => void (running ??= prepare(deps.image())),
    progress: () => progress,
    async close() {
      control.abort()
      await running
    },
  }
}
