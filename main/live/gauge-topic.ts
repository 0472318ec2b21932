import type { Gauge } from '../../shared/gauge.ts'
import type { TopicEvent } from '../../shared/topics.ts'
import type { Backend } from '../backends/backend.ts'
import type { Clock } from '../clock.ts'
import type { Provider } from '../provider/provider-api.ts'
import type { TopicHandler, TopicSink } from '../rpc/topic-handlers.ts'
import { beat, gaugeOf, measurable, type Taken } from './sampler.ts'

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
