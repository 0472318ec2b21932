import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type BerthEvent, endSortOf } from '../../../shared/events.ts'
import { asBerthError } from '../../../shared/errors.ts'
import { type Sandbox, sandboxStatus } from '../../../shared/sandbox.ts'
import type { Clock } from '../../base/clock.ts'
import type { Provider } from '../../core/provider-api.ts'

/** What the engine counts, for Prometheus. Nobody in the house knows of it: it is told, or listens. */
export interface Metrics {
  /** The same verb, timed. */
  timed(acquire: Provider['acquire']): Provider['acquire']
  /** A request on the bridge ended; null: its caller left before there was a status. */
  readonly answered: (status: number | null) => void
  /** Listens to the house's events. */
  readonly heard: (event: BerthEvent) => void
  /** All of it, in Prometheus' text format. */
  text(): Promise<string>
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
  // One of its own: two engines in one process count apart.
  const registry = new Registry()
  const registers = [registry]
  gauges(
    registers,
    {
      berth_places: 'Places for sandboxes (sandbox.replicas).',
      berth_places_taken: 'Places that are taken.',
      berth_acquires_waiting: 'Acquires that wait for a place.',
    },
    () => {
      const { replicas, counted } = deps.sandboxes()
      return { berth_places: replicas, berth_places_taken: counted, berth_acquires_waiting: deps.waiting() }
    },
  )
  new Gauge({ name: 'berth_info', help: 'Which Berth this is.', labelNames: ['version', 'backend'], registers }).set(
    { version: deps.version, backend: deps.backend },
    1,
  )
  new Gauge({
    name: 'berth_sandboxes',
    help: 'Sandboxes, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      const { sandboxes } = deps.sandboxes()
      for (const state of sandboxStatus.options) this.set({ state }, sandboxes.filter(({ status }) => status === state).length)
    },
  })
  const acquires = new Histogram({
    name: 'berth_acquire_seconds',
    help: 'How long an acquire took, by the way it went.',
    labelNames: ['path'],
    buckets: bounds,
    registers,
  })
  const failures = new Counter({ name: 'berth_acquire_failures_total', help: 'Acquires that failed, by error code.', labelNames: ['code'], registers })
  const ended = new Counter({
    name: 'berth_sandboxes_ended_total',
    help: 'Sandboxes that ended without anybody asking: evicted for room, reaped as idle, lost.',
    labelNames: ['cause'],
    registers,
  })
  const replaced = new Counter({
    name: 'berth_replacements_told_total',
    help: 'Holders that were told, once each, that their sandbox had been replaced.',
    registers,
  })
  const requests = new Counter({
    name: 'berth_http_requests_total',
    help: 'Requests on the bridge, by class of status; aborted: the caller left first.',
    labelNames: ['status'],
    registers,
  })
  // What has not happened yet is a number too.
  for (const cause of ['evicted', 'reaped', 'lost']) ended.inc({ cause }, 0)
  for (const status of ['2xx', '3xx', '4xx', '5xx', 'aborted']) requests.inc({ status }, 0)
  new Counter({
    name: 'berth_events_dropped_total',
    help: 'Events lost to a slow subscriber, or to the log on a disk that took none.',
    labelNames: ['to'],
    registers,
    collect() {
      this.reset()
      this.inc({ to: 'subscriber' }, deps.events.dropped())
      this.inc({ to: 'disk' }, deps.events.unwritten())
    },
  })
  const figures = processFigures(registers)

  return {
    timed: (acquire) => async (request) => {
      const began = deps.clock.now()
      try {
        const got = await acquire(request)
        acquires.observe({ path: got.path }, (deps.clock.now() - began) / 1000)
        if (got.was_replaced) replaced.inc()
        return got
      } catch (error) {
        failures.inc({ code: asBerthError(error).code })
        throw error
      }
    },
    answered: (status) => requests.inc({ status: status === null ? 'aborted' : `${Math.floor(status / 100)}xx` }),
    heard(event) {
      const sort = endSortOf(event)
      if (sort === 'evicted' || sort === 'reaped' || sort === 'lost') ended.inc({ cause: sort })
    },
    // Empty lines are allowed, and not every reader knows; in a value a line end is escaped.
    text: async () => (await registry.metrics()).replaceAll('\n\n', '\n'),
    close: () => figures.close(),
  }
}

/** How often the loop is tried, in ms; what it says is late by is beyond that. */
const resolution = 20

/**
 * Memory, CPU and event-loop lag of this process, under the names that dashboards for Node know. The lag is that since the
 * last time it was asked for, and is measured from the first time on: an engine that nobody scrapes is not woken for it, as
 * it would be by prom-client's own.
 */
function processFigures(registers: Registry[]): { close(): void } {
  const lag = monitorEventLoopDelay({ resolution })
  const startedAt = Date.now() / 1000 - process.uptime()
  gauges(
    registers,
    {
      nodejs_eventloop_lag_mean_seconds: 'Event-loop lag since the last scrape: mean.',
      nodejs_eventloop_lag_p50_seconds: 'Event-loop lag since the last scrape: median.',
      nodejs_eventloop_lag_p99_seconds: 'Event-loop lag since the last scrape: 99th percentile.',
      nodejs_eventloop_lag_max_seconds: 'Event-loop lag since the last scrape: longest.',
    },
    () => {
      const seconds = (nanoseconds: number) => (lag.count === 0 ? 0 : Math.max(0, nanoseconds / 1e9 - resolution / 1000))
      const values = {
        nodejs_eventloop_lag_mean_seconds: seconds(lag.mean),
        nodejs_eventloop_lag_p50_seconds: seconds(lag.percentile(50)),
        nodejs_eventloop_lag_p99_seconds: seconds(lag.percentile(99)),
        nodejs_eventloop_lag_max_seconds: seconds(lag.max),
      }
      lag.enable()
      lag.reset()
      return values
    },
  )
  gauges(
    registers,
    {
      process_resident_memory_bytes: 'Resident memory.',
      nodejs_heap_size_used_bytes: 'Heap in use.',
      nodejs_heap_size_total_bytes: 'Heap reserved.',
      nodejs_external_memory_bytes: 'Memory of buffers and other objects outside the heap.',
      process_start_time_seconds: 'When the process started, Unix time.',
    },
    () => {
      const memory = process.memoryUsage()
      return {
        process_resident_memory_bytes: memory.rss,
        nodejs_heap_size_used_bytes: memory.heapUsed,
        nodejs_heap_size_total_bytes: memory.heapTotal,
        nodejs_external_memory_bytes: memory.external,
        process_start_time_seconds: startedAt,
      }
    },
  )
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time used, user and system.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  return { close: () => void lag.disable() }
}

/** Gauges that are read together at each scrape: a registry asks in the order in which they came, so the first reads for all. */
function gauges<Name extends string>(registers: Registry[], helps: Readonly<Record<Name, string>>, read: () => Readonly<Record<Name, number>>): void {
  const made = Object.entries<string>(helps).map(([name, help], at) => ({
    name,
    gauge: new Gauge({
      name,
      help,
      registers,
      collect() {
        if (at > 0) return
        const values = read()
        for (const one of made) one.gauge.set(values[one.name as Name])
      },
    }),
  }))
}
