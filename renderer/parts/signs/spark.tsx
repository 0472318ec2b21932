import { sparkPath } from './spark.logic.ts'

export interface SparkProps {
  /** Oldest first; null where nothing was measured. */
  readonly values: readonly (number | null)[]
  /** What the top edge stands for; without it the largest value. */
  readonly limit?: number | null | undefined
  /** Near its limit. */
  readonly high?: boolean | undefined
  readonly width?: number | undefined
  readonly height?: number | undefined
}

/** A small picture beside a number that says the same. */
export function Spark({ values, limit, high = false, width = 48, height = 16 }: SparkProps) {
  const largest = values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
  const { line, area } = sparkPath(values, { width, height, top: Math.max(limit ?? largest, 1e-9) })
  return (
    <svg className={high ? 'spark high' : 'spark'} viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
      <path className="area" d={area} />
      <path className="line" d={line} />
    </svg>
  )
}
