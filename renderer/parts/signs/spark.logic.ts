export interface SparkShape {
  readonly width: number
  readonly height: number
  /** The value at the top edge; the bottom is 0. */
  readonly top: number
}

/** Path of a line through samples, evenly spread; null is a gap: nothing was measured then, and nothing is drawn. */
export function sparkPath(values: readonly (number | null)[], { width, height, top }: SparkShape): { line: string; area: string } {
  const base = height - 1
  const step = values.length > 1 ? width / (values.length - 1) : 0
  const x = (at: number) => round(at * step)
  const y = (value: number) => round(base - (Math.max(0, Math.min(value, top)) / (top || 1)) * (base - 1))
  let line = ''
  let area = ''
  let run: string[] = []
  let from = 0
  const flush = (to: number) => {
    if (run.length === 0) return
    line += `M${run.join('L')}`
    area += `M${x(from)} ${height}L${run.join('L')}L${x(to)} ${height}Z`
    run = []
  }
  values.forEach((value, at) => {
    if (value === null) return flush(at - 1)
    if (run.length === 0) from = at
    run.push(`${x(at)} ${y(value)}`)
  })
  flush(values.length - 1)
  return { line, area }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
