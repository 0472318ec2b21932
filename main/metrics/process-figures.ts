import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Family } from './exposition.ts'

export interface ProcessFigures {
  families(): Family[]
  close(): void
}

/** How often the loop is tried, in ms; what it says is late by is beyond that. */
const resolution = 20

/**
 * Memory, CPU and event-loop lag of this process, under the names that dashboards for Node know. The lag is that since the
 * last time it was asked for, and is measured from the first time on: an engine that nobody scrapes is not woken for it.
 */
export function processFigures(): ProcessFigures {
  const lag = monitorEventLoopDelay({ resolution })
  const startedAt = Date.now() / 1000 - process.uptime()

  function lagFamilies(): Family[] {
    const seconds = (nanoseconds: number) => (lag.count === 0 ? 0 : Math.max(0, nanoseconds / 1e9 - resolution / 1000))
    const families = [
      gauge('nodejs_eventloop_lag_mean_seconds', 'Event-loop lag since the last scrape: mean.', seconds(lag.mean)),
      gauge('nodejs_eventloop_lag_p50_seconds', 'Event-loop lag since the last scrape: median.', seconds(lag.percentile(50))),
      gauge('nodejs_eventloop_lag_p99_seconds', 'Event-loop lag since the last scrape: 99th percentile.', seconds(lag.percentile(99))),
      gauge('nodejs_eventloop_lag_max_seconds', 'Event-loop lag since the last scrape: longest.', seconds(lag.max)),
    ]
    lag.enable()
    lag.reset()
    return families
  }

  return {
    families() {
      const memory = process.memoryUsage()
      const cpu = process.cpuUsage()
      return [
        ...lagFamilies(),
        gauge('process_resident_memory_bytes', 'Resident memory.', memory.rss),
        gauge('nodejs_heap_size_used_bytes', 'Heap in use.', memory.heapUsed),
        gauge('nodejs_heap_size_total_bytes', 'Heap reserved.', memory.heapTotal),
        gauge('nodejs_external_memory_bytes', 'Memory of buffers and other objects outside the heap.', memory.external),
        { ...gauge('process_cpu_seconds_total', 'CPU time used, user and system.', (cpu.user + cpu.system) / 1e6), type: 'counter' },
        gauge('process_start_time_seconds', 'When the process started, Unix time.', startedAt),
      ]
    },
    close: () => void lag.disable(),
  }
}

export function gauge(name: string, help: string, value: number, labels: Record<string, string> = {}): Family {
  return { name, help, type: 'gauge', samples: [{ labels, value }] }
}
