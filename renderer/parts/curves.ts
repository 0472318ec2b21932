import { type CurveFactory, curveLinear, curveStepAfter, line } from 'd3-shape'

/** A value of a series; null: nothing was measured then, and nothing is drawn. */
export interface Sample {
  readonly at: number
  readonly value: number | null
}

export interface Scale {
  readonly from: number
  readonly to: number
  /** The value at the top edge; the bottom is 0. */
  readonly top: number
  readonly width: number
  readonly height: number
  /** Above and below, for half the width of the line. */
  readonly inset?: number | undefined
}

export interface Curve {
  readonly line: string
  readonly area: string
}

/** A line, and the area below it, in an SVG of the scale's size; to a tenth, as these are written anew with each sample. */
export function drawn(samples: readonly Sample[], { from, to, top, width, height, inset = 0 }: Scale, curve: CurveFactory = curveLinear): Curve {
  const path =
    line<Sample>()
      .defined(({ value }) => value !== null)
      .x(({ at }) => ((at - from) / (to - from)) * width)
      .y(({ value }) => height - inset - (Math.max(0, Math.min(value ?? 0, top)) / top) * (height - 2 * inset))
      .curve(curve)
      .digits(1)(samples) ?? ''
  // Not `area()`: over a flat bottom it goes back point by point, twice as long.
  return { line: path, area: path.replaceAll(/M([^,]+)[^M]*/g, `$&V${height}H$1Z`) }
}

/** Each value holds until the next, the last one to the end. */
export function stair(steps: readonly Sample[], scale: Scale): Curve {
  return drawn([...steps, ...steps.slice(-1).map((last) => ({ ...last, at: scale.to }))], scale, curveStepAfter)
}

/** Values that are evenly spread, oldest first. */
export function spark(values: readonly (number | null)[], shape: Pick<Scale, 'width' | 'height' | 'top'>): Curve {
  return drawn(
    values.map((value, at) => ({ at, value })),
    { ...shape, from: 0, to: Math.max(1, values.length - 1), inset: 1 },
  )
}
