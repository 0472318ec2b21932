import type { Gauge, Usage } from '../../../shared/gauge.ts'
import type { TopicEvent } from '../../../shared/topics.ts'
import type { Backend, UsageSample } from '../../backends/backend.ts'
import type { Clock } from '../../base/clock.ts'
import type { Provider } from '../../core/provider-api.ts'
import type { TopicHandler, TopicSink } from '../../base/topic-handlers.ts'
import { fail } from '../../../shared/errors.ts'
import type { Sandbox } from '../../../shared/sandbox.ts'

/** A sample, and the monotonic ms at which it was taken. */
export interface Taken {
  readonly at: number
  readonly sample: UsageSample
}

/** Per cent of one CPU between two samples; null where there are no two. */
export function cpuBetween(before: Taken | null, now: Taken): number | null {
  if (before === null || before.sample.cpuMs === null || now.sample.cpuMs === null || now.at <= before.at) return null
  // A process that ended takes its time with it: then the sum may go back.
  return Math.max(0, ((now.sample.cpuMs - before.sample.cpuMs) / (now.at - before.at)) * 100)
}

function gaugeOf(before: Taken | null, now: Taken, cpus: number | null): Gauge {
  return { cpu: cpuBetween(before, now), cpu_limit: cpus, memory: now.sample.memory, memory_limit: now.sample.memoryLimit }
}

function usageOf(before: Taken | null, now: Taken, cpus: number | null, wall: number): Usage {
  const { pids, netIn, netOut, diskRead, diskWritten } = now.sample
  return {
    ...gaugeOf(before, now, cpus),
    at: new Date(wall).toISOString(),
    pids,
    net_in: netIn,
    net_out: netOut,
    disk_read: diskRead,
    disk_written: diskWritten,
  }
}

/** Measures on a beat, while somebody listens; a beat that is late is left out rather than caught up with. */
function beat(clock: Clock, ms: number, work: () => Promise<void>): { close(): void } {
  let closed = false
  let timer: { cancel(): void } | null = null
  const run = () => {
    const began = clock.now()
    void work().finally(() => {
      if (!closed) timer = clock.timer(Math.max(ms / 4, ms - (clock.now() - began)), run)
    })
  }
  run()
  return {
    close() {
      closed = true
      timer?.cancel()
    },
  }
}

/** Whether measuring says anything, and wakes nothing: a frozen one uses no time, and the others are not there. */
const measurable = (sandbox: Sandbox): boolean => sandbox.container !== null && (sandbox.status === 'active' || sandbox.status === 'warm')

type Sample = TopicEvent<'gauges'>['samples'][number]

const everyMs = 2000
const kept = 60
/** Containers asked at the same time. */
const atOnce = 8

/** The `gauges` topic: CPU and memory of all sandboxes, measured once for however many listen, and only while somebody does. */
export function gaugeTopic(deps: {
  clock: Clock
  backend: Pick<Backend, 'usage'>
  list: Provider['list']
  cpus: () => number | null
  /** A measurement failed: the picture has a gap, and whoever runs Berth may want to know. */
  problem: (error: unknown) => void
}): TopicHandler<'gauges'> {
  const { clock, backend } = deps
  const sinks = new Set<TopicSink<'gauges'>>()
  const last = new Map<string, Taken>()
  let past: Sample[] = []
  let running: { close(): void } | null = null

  async function measure(): Promise<void> {
    const sandboxes: Record<string, Gauge> = {}
    const wanted = deps.list().sandboxes.filter(measurable)
    const queue = [...wanted]
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined && sinks.size > 0; next = queue.shift()) {
        const ref = next.container
        try {
          const sample = ref === null ? null : await backend.usage?.(ref)
          if (!sample || ref === null) continue
          const now = { at: clock.now(), sample }
          sandboxes[next.id] = gaugeOf(last.get(ref) ?? null, now, deps.cpus())
          last.set(ref, now)
        } catch (error) {
          deps.problem(error)
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, queue.length) }, worker))
    const refs = new Set(wanted.map(({ container }) => container))
    for (const ref of last.keys()) if (!refs.has(ref)) last.delete(ref)
    const sample = { at: new Date(clock.wall()).toISOString(), sandboxes }
    past = [...past.slice(1 - kept), sample]
    for (const sink of sinks) if (sink.room()) sink.send({ samples: [sample] })
  }

  return (_args, sink) => {
    if (past.length > 0) sink.send({ samples: past })
    sinks.add(sink)
    running ??= backend.usage ? beat(clock, everyMs, measure) : null
    return {
      close() {
        sinks.delete(sink)
        if (sinks.size > 0) return
        running?.close()
        running = null
        // What is not followed any more would be joined by a line over the gap.
        past = []
        last.clear()
      },
    }
  }
}

const statsTopicEveryMs = 1000
const statsTopicKept = 300

interface Course {
  readonly sinks: Set<TopicSink<'stats'>>
  past: Usage[]
  last: { ref: string; taken: Taken } | null
  running: { close(): void } | null
}

/**
 * The `stats` topic: one sandbox, once a second, measured once for however many look. A frozen one is not measured, and one
 * that nobody looks at neither: there is a gap. What was measured is statsTopicKept for five minutes, for whoever comes back.
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
    const oldest = clock.wall() - statsTopicKept * statsTopicEveryMs
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
      course.past = [...course.past.slice(1 - statsTopicKept), usage]
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
    mine.running ??= beat(clock, statsTopicEveryMs, () => measure(id))
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
