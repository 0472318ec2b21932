import { asBerthError } from '../shared/errors.ts'
import type { NewEvent } from '../shared/event.ts'
import type { Progress } from '../shared/sandbox.ts'
import type { Backend } from './backends/backend.ts'

/** Gets the image ready in the background, so that the first acquire need not, and tells how far it is. */
export interface ImageKeeper {
  /**
   * Starts, or starts again after a failure. Does nothing while one is on its way, unless the configuration names
   * another image by now: then the one that nobody wants any more is given up.
   */
  start(): void
  progress(): Progress | null
  close(): Promise<void>
}

interface Work { readonly image: string; readonly control: AbortController; done: Promise<void>; progress: Progress | null }

export function keepImage(deps: { backend: Backend; image: () => string; publish: (event: NewEvent) => void; ready: (image: string) => void }): ImageKeeper {
  let current: Work | null = null
  const all = new Set<Work>()

  async function prepare(work: Work): Promise<void> {
    const { image, control } = work
    try {
      if (await deps.backend.prepared(image)) return deps.ready(image)
      deps.publish({ type: 'image.preparing', who: 'berth:image', text: `The image ${image} is being made ready` })
      await deps.backend.prepare(image, (step) => { work.progress = step }, control.signal)
      deps.publish({ type: 'image.ready', who: 'berth:image', text: `The image ${image} is ready` })
      deps.ready(image)
    } catch (error) {
      if (control.signal.aborted) return
      // Not fatal: the first acquire tries again and gets the error as its answer.
      const problem = asBerthError(error)
      deps.publish({ type: 'image.failed', who: 'berth:image', text: problem.message, details: { code: problem.code, next: problem.next } })
    } finally {
      all.delete(work)
      if (current === work) current = null
    }
  }

  return {
    start() {
      const image = deps.image()
      if (current?.image === image) return
      current?.control.abort()
      const work: Work = { image, control: new AbortController(), done: Promise.resolve(), progress: null }
      all.add(work)
      current = work
      work.done = prepare(work)
    },
    progress: () => current?.progress ?? null,
    async close() {
      for (const { control } of all) control.abort()
      await Promise.all([...all].map(({ done }) => done))
    },
  }
}
