import type { Gauge } from '../../../shared/gauge.ts'

/** What one sandbox used, oldest first; the newest is `last`. */
export interface Series {
  /** Share of its limit, 0 to 1; null: not measured. Without a limit, of one CPU. */
  readonly cpu: readonly (number | null)[]
  readonly memory: readonly (number | null)[]
  readonly last: Gauge | null
}

/** Samples that are kept: two minutes. */
const kept = 60

/** From this share of its memory on a sandbox is near the end of it. */
const nearShare = 0.85

export interface Sample {
  readonly sandboxes: Readonly<Record<string, Gauge>>
}

/** The series with some samples more. Who was not measured has a gap; who was in none of the kept ones is forgotten. */
export function withSamples(before: ReadonlyMap<string, Series>, samples: readonly Sample[]): Map<string, Series> {
  const ids = new Set([...before.keys(), ...samples.flatMap(({ sandboxes }) => Object.keys(sandboxes))])
  const next = new Map<string, Series>()
  for (const id of ids) {
    const was = before.get(id)
    const gauges = samples.map(({ sandboxes }) => sandboxes[id] ?? null)
    const cpu = [...(was?.cpu ?? []), ...gauges.map(cpuShare)].slice(-kept)
    const memory = [...(was?.memory ?? []), ...gauges.map((gauge) => gauge?.memory ?? null)].slice(-kept)
    if (memory.some((value) => value !== null) || cpu.some((value) => value !== null)) next.set(id, { cpu, memory, last: gauges.at(-1) ?? null })
  }
  return next
}

export function cpuShare(gauge: Gauge | null): number | null {
  return gauge === null || gauge.cpu === null ? null : gauge.cpu / 100 / (gauge.cpu_limit ?? 1)
}

export function nearLimit(gauge: Gauge): boolean {
  return gauge.memory !== null && gauge.memory_limit !== null && gauge.memory >= nearShare * gauge.memory_limit
}
