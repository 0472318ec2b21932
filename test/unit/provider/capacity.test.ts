import { describe, expect, it } from 'vitest'
import { decide, trim, type CapacityView } from '../../../main/core/capacity.ts'
import { entry } from '../../support/entries.ts'

const none: ReadonlySet<string> = new Set()
const view = (change: Partial<CapacityView>): CapacityView => ({ mode: 'soft', replicas: 3, entries: [], strays: 0, ahead: 0, wanted: none, ...change })
const active = (id: string) => entry(id)
const warm = (id: string, activityAt = 0) => entry(id, { state: 'warm', activityAt })
const leaving = (id: string) => entry(id, { state: 'stopping' })

describe('soft', () => {
  it('goes on with all active, and says by how many it is over', () => {
    expect(decide(view({ entries: [active('a'), active('b'), active('c'), active('d')] }))).toEqual({ kind: 'go', evict: [], over: 2 })
  })
  it('evicts as many warm ones as it takes, the longest unused first, never an active one', () => {
    const entries = [active('a'), warm('b', 30), warm('c', 10), warm('d', 20)]
    expect(decide(view({ entries }))).toEqual({ kind: 'go', evict: ['c', 'd'], over: 0 })
  })
  it('does not count those that are leaving or failed', () => {
    const entries = [active('a'), active('b'), leaving('c'), entry('d', { state: 'failed', sandbox: null })]
    expect(decide(view({ entries }))).toEqual({ kind: 'go', evict: [], over: 0 })
  })
  it('leaves a warm one alone that an acquire is about to take, or in which something runs', () => {
    const entries = [warm('a', 1), { ...warm('b', 2), work: 1 }, warm('c', 3)]
    expect(decide(view({ entries, wanted: new Set(['a']) }))).toEqual({ kind: 'go', evict: ['c'], over: 0 })
  })
})

describe('queue', () => {
  it('waits for the engine to say that the victim is gone', () => {
    const before = [active('a'), active('b'), warm('c')]
    expect(decide(view({ mode: 'queue', entries: before }))).toEqual({ kind: 'wait', evict: ['c'], lacking: 0 })
    expect(decide(view({ mode: 'queue', entries: [active('a'), active('b'), leaving('c')] }))).toEqual({ kind: 'wait', evict: [], lacking: 0 })
    expect(decide(view({ mode: 'queue', entries: [active('a'), active('b')] }))).toEqual({ kind: 'go', evict: [], over: 0 })
  })
  it('lets nobody pass those ahead, and evicts for each of them once', () => {
    expect(decide(view({ mode: 'queue', entries: [active('a')], ahead: 1 }))).toEqual({ kind: 'wait', evict: [], lacking: 0 })
    const entries = [active('a'), leaving('b'), warm('c')]
    expect(decide(view({ mode: 'queue', entries, ahead: 1 }))).toEqual({ kind: 'wait', evict: ['c'], lacking: 0 })
  })
})

describe('reject', () => {
  it('refuses only where nothing can be made free', () => {
    expect(decide(view({ mode: 'reject', entries: [active('a'), active('b'), active('c')] }))).toEqual({ kind: 'reject' })
    expect(decide(view({ mode: 'reject', entries: [active('a'), active('b'), warm('c')] }))).toEqual({ kind: 'wait', evict: ['c'], lacking: 0 })
    expect(decide(view({ mode: 'reject', entries: [active('a'), active('b'), leaving('c')], ahead: 1 }))).toEqual({ kind: 'reject' })
  })
})

it('trims to the cap after a release, from the longest unused on', () => {
  const entries = [active('a'), active('b'), warm('c', 3), warm('d', 1), warm('e', 2)]
  expect(trim(entries, 3, none)).toEqual(['d', 'e'])
  expect(trim(entries, 0, none)).toEqual(['d', 'e', 'c'])
  expect(trim(entries, 5, none)).toEqual([])
})
