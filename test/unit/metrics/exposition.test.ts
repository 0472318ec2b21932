import { describe, expect, it } from 'vitest'
import { exposition } from '../../../main/metrics/exposition.ts'
import { counter, histogram } from '../../../main/metrics/instruments.ts'
import { processFigures } from '../../../main/metrics/process-figures.ts'

describe('the text format', () => {
  it('has HELP and TYPE first, a sample a line, and a line feed at the end', () => {
    const hits = counter('hits_total', 'Hits\nof \\ things.', 'where', ['a'])
    hits.add('b', 2)
    hits.add('"quoted"\\\n')
    expect(exposition([hits.family()])).toBe(
      '# HELP hits_total Hits\\nof \\\\ things.\n# TYPE hits_total counter\n' +
        'hits_total{where="a"} 0\nhits_total{where="b"} 2\nhits_total{where="\\"quoted\\"\\\\\\n"} 1\n',
    )
  })

  it('counts a histogram upwards, its bounds included, up to all of them', () => {
    const took = histogram('took_seconds', 'Took.', 'path', [0.1, 1])
    for (const seconds of [0.05, 0.1, 0.5, 1, 7]) took.observe('cold', seconds)
    expect(exposition([took.family()]).split('\n').slice(2)).toEqual([
      'took_seconds_bucket{path="cold",le="0.1"} 2',
      'took_seconds_bucket{path="cold",le="1"} 4',
      'took_seconds_bucket{path="cold",le="+Inf"} 5',
      'took_seconds_sum{path="cold"} 8.65',
      'took_seconds_count{path="cold"} 5',
      '',
    ])
  })
})

describe('the event loop', () => {
  it('that was held up shows it at the next scrape, and not at the one after it', async () => {
    const figures = processFigures()
    const longest = () => figures.families().find(({ name }) => name === 'nodejs_eventloop_lag_max_seconds')?.samples[0]?.value ?? Number.NaN
    const rest = () => new Promise((resolve) => setTimeout(resolve, 200))
    try {
      expect(longest()).toBe(0)
      await rest()
      const until = performance.now() + 700
      while (performance.now() < until);
      await rest()
      const held = longest()
      expect(held).toBeGreaterThan(0.5)
      await rest()
      expect(longest()).toBeLessThan(held)
    } finally {
      figures.close()
    }
  })
})
