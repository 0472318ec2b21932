import { asBerthError } from '../../shared/errors.ts'
import type { NewEvent } from '../../shared/events.ts'
import type { ImageState } from '../../shared/image.ts'
import { listeners } from '../../shared/listeners.ts'
import type { Progress } from '../../shared/sandbox.ts'
import type { Backend } from '../backends/backend.ts'

/** Gets the image ready in the background, so that the first acquire need not, and tells how far it is. */
export interface ImageKeeper {
  /**
   * Starts, or starts again after a failure. Does nothing while one is on its way, unless the configuration names
   * another image by now: then the one that nobody wants any more is given up.
   */
  start(): void
  progress(): Progress | null
  /** As screens show it. */
  state(): ImageState
  onChange(listener: () => void): () => void
  /** Gives up what is on its way; whoever waits for it is told. False: nothing was. */
  cancel(): boolean
  /** The same backend, with every preparation of the configured image seen here: one that an acquire began shows as well. */
  watched(backend: Backend): Backend
  /** The image may be gone: it is looked at again, and nothing is made. */
  look(): Promise<void>
  close(): Promise<void>
}

interface Work {
  readonly image: string
  readonly control: AbortController
  readonly since: number
  done: Promise<void>
  progress: Progress | null
  began: boolean
}

export function keepImage(deps: { backend: Backend; image: () => string; publish: (event: NewEvent) => void; ready: (image: string) => void }): ImageKeeper {
  let current: Work | null = null
  const all = new Set<Work>()
  /** What acquires began. */
  const asked = new Set<{ readonly since: number; progress: Progress | null }>()
  const underWay = () => (current?.began ? current : ([...asked][0] ?? null))
  const { tell: changed, on: onChange } = listeners()
  /** Of the image last looked at; an acquire may have made it ready meanwhile, which the next look tells. */
  let known: { image: string; present: boolean; problem: string | null } = { image: '', present: false, problem: null }

  async function prepare(work: Work): Promise<void> {
    const { image, control } = work
    try {
      if (await deps.backend.prepared(image)) {
        known = { image, present: true, problem: null }
        return deps.ready(image)
      }
      work.began = true
      known = { image, present: false, problem: null }
      changed()
      deps.publish({ type: 'image.preparing', who: 'berth:image', text: `The image ${image} is being made ready` })
      await deps.backend.prepare(
        image,
        (step) => {
          work.progress = step
          changed()
        },
        control.signal,
      )
      known = { image, present: true, problem: null }
      deps.publish({ type: 'image.ready', who: 'berth:image', text: `The image ${image} is ready` })
      deps.ready(image)
    } catch (error) {
      if (control.signal.aborted) return
      // Not fatal: the first acquire tries again and gets the error as its answer.
      const problem = asBerthError(error)
      known = { image, present: false, problem: problem.code === 'CANCELLED' ? null : problem.message }
      deps.publish({ type: 'image.failed', who: 'berth:image', text: problem.message, details: { code: problem.code, next: problem.next } })
    } finally {
      all.delete(work)
      if (current === work) current = null
      changed()
    }
  }

  async function seen(image: string, report: (progress: Progress) => void, work: (report: (progress: Progress) => void) => Promise<void>): Promise<void> {
    if (image !== deps.image()) return await work(report)
    const one = { since: Date.now(), progress: null as Progress | null }
    asked.add(one)
    known = { image, present: false, problem: null }
    changed()
    try {
      await work((step) => {
        one.progress = step
        changed()
        report(step)
      })
      known = { image, present: true, problem: null }
    } catch (error) {
      const { code, message } = asBerthError(error)
      known = { image, present: false, problem: code === 'CANCELLED' ? null : message }
      throw error
    } finally {
      asked.delete(one)
      changed()
    }
  }

  return {
    start() {
      const image = deps.image()
      if (current?.image === image) return
      current?.control.abort()
      const work: Work = { image, control: new AbortController(), since: Date.now(), done: Promise.resolve(), progress: null, began: false }
      all.add(work)
      current = work
      work.done = prepare(work)
    },
    progress: () => underWay()?.progress ?? null,
    state() {
      const name = deps.image()
      const mine = known.image === name
      const on = underWay()
      return {
        name,
        present: mine && known.present,
        progress: withoutLayers(on?.progress ?? null),
        layers: on?.progress?.layers ?? [],
        since: on === null ? null : new Date(on.since).toISOString(),
        problem: mine ? known.problem : null,
      }
    },
    onChange,
    cancel() {
      if (underWay() === null) return false
      const image = deps.image()
      if (current?.began) {
        current.control.abort()
        // Whoever starts it again need not wait until this one has come to its end.
        current = null
      }
      deps.backend.images?.cancel(image)
      changed()
      deps.publish({ type: 'image.cancelled', who: 'berth:image', text: `Making the image ${image} ready was given up` })
      return true
    },
    watched: (backend) => ({ ...backend, prepare: async (image, report, signal) => await seen(image, report, (step) => backend.prepare(image, step, signal)) }),
    async look() {
      const image = deps.image()
      known = { ...known, image, present: await deps.backend.prepared(image) }
      changed()
    },
    async close() {
      for (const { control } of all) control.abort()
      await Promise.all([...all].map(({ done }) => done))
    },
  }
}

/** They stand beside it. */
function withoutLayers(progress: Progress | null): Progress | null {
  if (!progress) return null
  const { layers: _, ...rest } = progress
  return rest
}
