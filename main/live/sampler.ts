import type { Gauge, Usage } from '../../shared/gauge.ts'
import type { Sandbox } from '../../shared/sandbox.ts'
import type { UsageSample } from '../backends/backend.ts'
import type { Clock } from '../clock.ts'

/** A sample, and the monotonic ms at which it was taken. */
export interface Taken { readonly at: number; readonly sample: UsageSample }

/** Per cent of one CPU between two samples; null where there are no two. */
export function cpuBetween(before: Taken | null, now: Taken): number | null {
  if (before === null || before.sample.cpuMs === null || now.sample.cpuMs === null || now.at <= before.at) return null
  // A process that ended takes its time with it: then the sum may go back.
  return Math.max(0, ((now.sample.cpuMs - before.sample.cpuMs) / (now.at - before.at)) * 100)
}

export function gaugeOf(before: Taken | null, now: Taken, cpus: number | null): Gauge {
  return { cpu: cpuBetween(before, now), cpu_limit: cpus, memory: now.sample.memory, memory_limit: now.sample.memoryLimit }
}

export function usageOf(before: Taken | null, now: Taken, cpus: number | null, wall: number): Usage {
  const { pids, netIn, netOut, diskRead, diskWritten } = now.sample
  return { ...gaugeOf(before, now, cpus), at: new Date(wall).toISOString(), pids, net_in: netIn, net_out: netOut, disk_read: diskRead, disk_written: diskWritten }
}

/** Measures on a beat, while somebody listens; a beat that is late is left out rather than caught up with. */
export function beat(clock: Clock, ms: number, work: () => Promise<void>): { close(): void } {
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
export const measurable = (sandbox: Sandbox): boolean =>
  sandbox.container !== null && (sandbox.status === 'active' || sandbox.status === 'warm')
