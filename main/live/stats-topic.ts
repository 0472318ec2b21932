import type { Usage } from '../../shared/gauge.ts'
import type { Backend } from '../backends/backend.ts'
import { fail } from '../../shared/errors.ts'
import type { Clock } from '../clock.ts'
import type { Provider } from '../provider/provider-api.ts'
import type { TopicHandler, TopicSink } from '../rpc/topic-handlers.ts'
import { beat, measurable, type Taken, usageOf } from './sampler.ts'

const everyMs = 1000
const kept = 300

interface Course { readonly sinks: Set<TopicSink<'stats'>>; past: Usage[]; last: { ref: string; taken: Taken } | null; running: { close(): void } | null }

/**
 * The `stats` topic: one sandbox, once a second, measured once for however many look. A frozen one is not measured, and one
 * that nobody looks at neither: there is a gap. What was measured is kept for five minutes, for whoever comes back.
 */
export function statsTopic(deps: {
  clock: Clock
  backend: Pick<Backend, 'usage'>
  peek: Provider['peek']
  cpus: () => number | null
  problem: (error: unknown) => void
}): TopicHandler<'stats'> {
  const { clock } = deps
  const courses = new Map<string, Course>()

  /** Drops what is older than the longest look back. */
  function forget(): void {
    const oldest = clock.wall() - kept * everyMs
    for (const [id, course] of courses) {
      course.past = course.past.filter(({ at }) => Date.parse(at) >= oldest)
      if (course.past.length === 0 && course.sinks.size === 0) courses.delete(id)
    }
  }

  async function measure(id: string): Promise<void> {
    const course = courses.get(id)
    const sandbox = deps.peek(id)
    if (!course || !sandbox || !measurable(sandbox) || sandbox.container === null) return
    try {
      const sample = await deps.backend.usage?.(sandbox.container)
      if (!sample) return
      const taken = { at: clock.now(), sample }
      // Of another container the numbers begin anew.
      const before = course.last?.ref === sandbox.container ? course.last.taken : null
      const usage = usageOf(before, taken, deps.cpus(), clock.wall())
      course.last = { ref: sandbox.container, taken }
      course.past = [...course.past.slice(1 - kept), usage]
      for (const sink of course.sinks) if (sink.room()) sink.send({ samples: [usage] })
    } catch (error) {
      deps.problem(error)
    }
  }

  return ({ id }, sink) => {
    if (!deps.backend.usage) {
      throw fail('NOT_SUPPORTED', 'This backend does not measure its sandboxes', { next: 'Look where they run.' })
    }
    if (!deps.peek(id)) throw fail('SANDBOX_NOT_FOUND', 'There is no such sandbox', { next: 'List what there is: `berth ls`.' })
    forget()
    const mine: Course = courses.get(id) ?? { sinks: new Set(), past: [], last: null, running: null }
    courses.set(id, mine)
    if (mine.past.length > 0) sink.send({ samples: mine.past })
    mine.sinks.add(sink)
    mine.running ??= beat(clock, everyMs, () => measure(id))
    return {
      close() {
        mine.sinks.delete(sink)
        if (mine.sinks.size > 0) return
        mine.running?.close()
        mine.running = null
        mine.last = null
      },
    }
  }
}
