import { type Curve, drawn, type Sample, type Scale } from '../parts/curves.ts'

/** A silence longer than this is a gap, in milliseconds: the sandbox was frozen, or nobody looked. */
const gapMs = 5000

/** What of it is in the scale, drawn with a gap in each silence. */
export function curve(samples: readonly Sample[], scale: Scale): Curve {
  const inside = samples.filter(({ at }) => at >= scale.from && at <= scale.to)
  return drawn(
    inside.flatMap((sample, index) => (sample.at - (inside[index - 1] ?? sample).at > gapMs ? [{ at: sample.at, value: null }, sample] : [sample])),
    scale,
  )
}

/** What a counter grew by a second, between each sample and the one before. A counter that went back began anew. */
export function perSecond(samples: readonly Sample[]): readonly Sample[] {
  return samples.map((sample, index) => {
    const before = samples[index - 1]
    if (!before || before.value === null || sample.value === null || sample.at - before.at > gapMs || sample.value < before.value)
      return { at: sample.at, value: null }
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
