import { describe, expect, it } from 'vitest'
import { explain, kindOf, seedRange } from './explore.ts'
import { generate } from './actions.ts'
import { replay, runHistory } from './run.ts'

/** More, or one again: `SIM_SEEDS=a..b`. */
const [from, to] = seedRange(process.env['SIM_SEEDS'] ?? '1..2000')
const chunk = 250

describe('the provider under a simulated engine and clock', () => {
  it('replays a seed line by line', async () => {
    for (const seed of [3, 65, 291]) {
      const [first, second] = [await replay(seed), await replay(seed)]
      expect(first.trace.length).toBeGreaterThan(20)
      expect(second.trace).toEqual(first.trace)
    }
  })

  it('notices a provider that breaks its word', async () => {
    // The same histories held against half the replicas that the provider was given: the checks must find it out.
    let found = 0
    for (let seed = 1; seed <= 60; seed += 1) {
      const history = generate(seed)
      const outcome = await runHistory({ ...history, settings: { ...history.settings, mode: 'reject', replicas: 3, spares: 0 } }, { checkedReplicas: 1 })
      if (/containers of ours on the engine, replicas is 1/.test(outcome.violation ?? '')) found += 1
    }
    expect(found).toBeGreaterThan(10)
  })

  for (let first = from; first <= to; first += chunk) {
    const last = Math.min(to, first + chunk - 1)
    it(`keeps its promises in histories ${first} to ${last}`, { timeout: 600_000 }, async () => {
      const broken = new Map<string, number[]>()
      let acquired = 0
      for (let seed = first; seed <= last; seed += 1) {
        const outcome = await replay(seed)
        acquired += outcome.stats.acquired
        if (outcome.violation === null) continue
        const kind = kindOf(outcome.violation)
        broken.set(kind, [...(broken.get(kind) ?? []), seed])
      }
      const reports: string[] = []
      for (const [kind, seeds] of broken) reports.push(`${seeds.length} × ${kind} (seeds ${seeds.slice(0, 10).join(', ')})`, await explain(seeds[0] ?? first))
      expect(reports.join('\n\n')).toBe('')
      expect(acquired).toBeGreaterThan(last - first)
    })
  }
})
