import type { Family, Sample } from './exposition.ts'

/** Counts what happened, by the value of one label. */
export interface Counter {
  add(of: string, by?: number): void
  family(): Family
}

/** `known` values are there from the start, at 0: what has not happened yet is a number too. */
export function counter(name: string, help: string, label: string, known: readonly string[]): Counter {
  const counts = new Map(known.map((of) => [of, 0]))
  return {
    add: (of, by = 1) => void counts.set(of, (counts.get(of) ?? 0) + by),
    family: () => ({ name, help, type: 'counter', samples: [...counts].map(([of, value]) => ({ labels: { [label]: of }, value })) }),
  }
}

/** How long something took, by the value of one label. */
export interface Histogram {
  observe(of: string, seconds: number): void
  family(): Family
}

/** `bounds`: upper ends of the buckets, rising, in seconds; a value on a bound belongs to it. */
export function histogram(name: string, help: string, label: string, bounds: readonly number[]): Histogram {
  const kept = new Map<string, { counts: number[]; sum: number }>()
  return {
    observe(of, seconds) {
      const its = kept.get(of) ?? { counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 }
      kept.set(of, its)
      const at = bounds.findIndex((bound) => seconds <= bound)
      const bucket = at < 0 ? bounds.length : at
      its.counts[bucket] = (its.counts[bucket] ?? 0) + 1
      its.sum += seconds
    },
    family: () => ({ name, help, type: 'histogram', samples: [...kept].flatMap(([of, its]) => samplesOf({ [label]: of }, its, bounds)) }),
  }
}

/** Buckets are cumulative: each counts all that took no longer. */
function samplesOf(labels: Record<string, string>, its: { counts: readonly number[]; sum: number }, bounds: readonly number[]): Sample[] {
  let total = 0
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, at) => {
    total += its.counts[at] ?? 0
    return { suffix: '_bucket', labels: { ...labels, le: bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound) }, value: total }
  })
  return [...buckets, { suffix: '_sum', labels, value: its.sum }, { suffix: '_count', labels, value: total }]
}
