/** A named row of results; `unit` is `ms` unless said otherwise. */
export interface Row {
  readonly n: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly unit: string
}

/** Nearest-rank percentile: always a value that was measured. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)
  return sorted[at] ?? Number.NaN
}

export function rowOf(values: readonly number[], unit = 'ms'): Row {
  return { n: values.length, p50: percentile(values, 50), p95: percentile(values, 95), p99: percentile(values, 99), unit }
}

/** Samples by row name, in the order in which the rows were first met. */
export class Samples {
  readonly values = new Map<string, number[]>()

  add(name: string, ms: number): void {
    const known = this.values.get(name)
    if (known) known.push(ms)
    else this.values.set(name, [ms])
  }

  /** Times one step; a step that throws is not a sample, it ends the run. */
  async time<T>(name: string, step: () => Promise<T>): Promise<T> {
    const began = performance.now()
    const result = await step()
    this.add(name, performance.now() - began)
    return result
  }

  rows(): Record<string, Row> {
    return Object.fromEntries([...this.values].map(([name, values]) => [name, rowOf(values)]))
  }
}

export function table(rows: Record<string, Row>): string {
  const cell = (value: number) => (Number.isNaN(value) ? '-' : value < 10 ? value.toFixed(2) : value.toFixed(1)).padStart(9)
  const lines = Object.entries(rows).map(
    ([name, row]) => `${name.padEnd(18)}${String(row.n).padStart(5)}${cell(row.p50)}${cell(row.p95)}${cell(row.p99)}  ${row.unit}`,
  )
  return [`${'row'.padEnd(18)}${'n'.padStart(5)}${'p50'.padStart(9)}${'p95'.padStart(9)}${'p99'.padStart(9)}`, ...lines].join('\n')
}
