import type { BerthEvent } from '../../shared/event.ts'
import { asBerthError } from '../../shared/errors.ts'
import { type Sandbox, sandboxStatus } from '../../shared/sandbox.ts'
import type { Clock } from '../clock.ts'
import type { Provider } from '../provider/provider-api.ts'
import { exposition, type Family } from './exposition.ts'
import { counter, histogram } from './instruments.ts'
import { gauge, processFigures } from './process-figures.ts'

/** What the engine counts, for Prometheus. Nobody in the house knows of it: it is told, or listens. */
export interface Metrics {
  /** The same verb, timed. */
  timed(acquire: Provider['acquire']): Provider['acquire']
  /** A request on the bridge ended; null: its caller left before there was a status. */
  readonly answered: (status: number | null) => void
  /** Listens to the house's events. */
  readonly heard: (event: BerthEvent) => void
  /** All of it, in Prometheus' text format. */
  text(): string
  close(): void
}

export interface MetricsDeps {
  readonly clock: Clock
  readonly version: string
  readonly backend: string
  readonly sandboxes: () => { readonly sandboxes: readonly Sandbox[]; readonly replicas: number; readonly counted: number }
  /** Acquires that wait for a place. */
  readonly waiting: () => number
  readonly events: { dropped(): number; unwritten(): number }
}

/** Seconds: a reuse takes a millisecond, a cold start with an image to pull may take minutes. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

export function openMetrics(deps: MetricsDeps): Metrics {
  const acquires = histogram('berth_acquire_seconds', 'How long an acquire took, by the way it went.', 'path', bounds)
  const failures = counter('berth_acquire_failures_total', 'Acquires that failed, by error code.', 'code', [])
  const ended = counter('berth_sandboxes_ended_total', 'Sandboxes that ended without anybody asking: evicted for room, reaped as idle, lost.', 'cause', ['evicted', 'reaped', 'lost'])
  const requests = counter('berth_http_requests_total', 'Requests on the bridge, by class of status; aborted: the caller left first.', 'status', ['2xx', '3xx', '4xx', '5xx', 'aborted'])
  const figures = processFigures()
  let replaced = 0

  function houseFamilies(): Family[] {
    const { sandboxes, replicas, counted } = deps.sandboxes()
    const inState = (state: string) => sandboxes.filter(({ status }) => status === state).length
    return [
      gauge('berth_info', 'Which Berth this is.', 1, { version: deps.version, backend: deps.backend }),
      {
        name: 'berth_sandboxes', help: 'Sandboxes, by state.', type: 'gauge',
        samples: sandboxStatus.options.map((state) => ({ labels: { state }, value: inState(state) })),
      },
      gauge('berth_places', 'Places for sandboxes (sandbox.replicas).', replicas),
      gauge('berth_places_taken', 'Places that are taken.', counted),
      gauge('berth_acquires_waiting', 'Acquires that wait for a place.', deps.waiting()),
    ]
  }

  return {
    timed: (acquire) => async (request) => {
      const began = deps.clock.now()
      try {
        const got = await acquire(request)
        acquires.observe(got.path, (deps.clock.now() - began) / 1000)
        if (got.was_replaced) replaced += 1
        return got
      } catch (error) {
        failures.add(asBerthError(error).code)
        throw error
      }
    },
    answered: (status) => requests.add(status === null ? 'aborted' : `${Math.floor(status / 100)}xx`),
    heard({ type, who }) {
      if (type === 'sandbox.lost') ended.add('lost')
      else if (type === 'sandbox.stopping' && who === 'berth:capacity') ended.add('evicted')
      else if (type === 'sandbox.stopping' && who === 'berth:idle') ended.add('reaped')
    },
    text: () =>
      exposition([
        ...houseFamilies(),
        acquires.family(),
        failures.family(),
        ended.family(),
        { name: 'berth_replacements_told_total', help: 'Holders that were told, once each, that their sandbox had been replaced.', type: 'counter', samples: [{ labels: {}, value: replaced }] },
        requests.family(),
        {
          name: 'berth_events_dropped_total', help: 'Events lost to a slow subscriber, or to the log on a disk that took none.', type: 'counter',
          samples: [{ labels: { to: 'subscriber' }, value: deps.events.dropped() }, { labels: { to: 'disk' }, value: deps.events.unwritten() }],
        },
        ...figures.families(),
      ]),
    close: () => figures.close(),
  }
}
