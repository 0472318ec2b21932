/** A value of a series; null is a gap, which is drawn as one. */
export interface Sample { readonly at: number; readonly value: number | null }

export interface Scale { readonly from: number; readonly to: number; readonly top: number; readonly width: number; readonly height: number }

const round = (value: number): number => Math.round(value * 10) / 10
/** A silence longer than this is a gap, in milliseconds: the sandbox was frozen, or nobody looked. */
const gapMs = 5000

/** Stretches without a gap. */
function stretches(samples: readonly Sample[]): readonly (readonly { at: number; value: number }[])[] {
  const all: { at: number; value: number }[][] = []
  let last: number | null = null
  for (const { at, value } of samples) {
    if (value === null) {
      last = null
      continue
    }
    if (last === null || at - last > gapMs) all.push([])
    all.at(-1)?.push({ at, value })
    last = at
  }
  return all
}

/** A line, and the area below it, in an SVG of the scale's size. */
export function curve(samples: readonly Sample[], scale: Scale): { line: string; area: string } {
  const x = (at: number) => round(((at - scale.from) / (scale.to - scale.from)) * scale.width)
  const y = (value: number) => round(scale.height - (Math.min(value, scale.top) / scale.top) * scale.height)
  let line = ''
  let area = ''
  for (const stretch of stretches(samples.filter(({ at }) => at >= scale.from && at <= scale.to))) {
    const [first] = stretch
    const last = stretch.at(-1)
    if (!first || !last) continue
    const points = stretch.map(({ at, value }) => `${x(at)} ${y(value)}`).join('L')
    line += `M${points}`
    area += `M${x(first.at)} ${scale.height}L${points}L${x(last.at)} ${scale.height}Z`
  }
  return { line, area }
}

/** What a counter grew by a second, between each sample and the one before. A counter that went back began anew. */
export function perSecond(samples: readonly Sample[]): readonly Sample[] {
  return samples.map((sample, index) => {
    const before = samples[index - 1]
    if (!before || before.value === null || sample.value === null || sample.at - before.at > gapMs || sample.value < before.value) return { at: sample.at, value: null }
    return { at: sample.at, value: ((sample.value - before.value) / (sample.at - before.at)) * 1000 }
  })
}

/** A round number at or above the highest value: the top of the scale. `least` keeps a flat line from filling it. */
export function niceTop(samples: readonly Sample[], least: number, base: 10 | 1024 = 10): number {
  const highest = Math.max(least, ...samples.map(({ value }) => value ?? 0))
  const unit = base ** Math.floor(Math.log(highest) / Math.log(base))
  const steps = base === 10 ? [1, 2, 5, 10] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
  return (steps.find((step) => step * unit >= highest) ?? base) * unit
}

/** The sample nearest to a moment; null: there is none near. */
export function nearest(samples: readonly Sample[], at: number): Sample | null {
  let found: Sample | null = null
  for (const sample of samples) if (found === null || Math.abs(sample.at - at) < Math.abs(found.at - at)) found = sample
  return found && Math.abs(found.at - at) <= gapMs ? found : null
}
