import { describe, expect, it } from 'vitest'
import { type CapacityView, nextAcquire } from '../../../main/core/capacity.ts'
import { nextReap } from '../../../main/core/idle.ts'
import type { Entry } from '../../../main/core/registry.ts'
import { format } from '../../../renderer/words/format.ts'
import type { NextAcquire } from '../../../shared/next.ts'
import { plainNumbers, sayNext, textOf } from '../../../shared/say-next.ts'
import { entry } from '../../support/entries.ts'

const none: ReadonlySet<string> = new Set()
const pool = (entries: readonly Entry[], change: Partial<CapacityView> = {}): CapacityView => ({
  mode: 'soft',
  replicas: 3,
  strays: 0,
  ahead: 0,
  wanted: none,
  entries,
  ...change,
})
const active = (n: number) => Array.from({ length: n }, (_, at) => entry(`a${at}`))
const warm = (id: string, activityAt = 0, change: Partial<Entry> = {}) => entry(id, { state: 'warm', activityAt, ...change })
const named = (id: string) => ({ id, user: 'default', thread: `t-${id}` })

describe('the next acquire of a thread without a sandbox', () => {
  it.each<[string, CapacityView, NextAcquire]>([
    ['there is room', pool(active(1)), { kind: 'room', slot: false, room: 2 }],
    ['failed ones take no place', pool([...active(2), entry('f', { state: 'failed', sandbox: null })]), { kind: 'room', slot: false, room: 1 }],
    ['the longest unused goes', pool([...active(1), warm('late', 50), warm('early', 10)]), { kind: 'evicts', slot: false, who: [named('early')] }],
    ['paused ones go too', pool([...active(2), warm('p', 5, { state: 'paused' })]), { kind: 'evicts', slot: false, who: [named('p')] }],
    [
      'nobody goes in whom something runs, whoever began it',
      pool([...active(1), warm('busy', 1, { work: 1 }), warm('idle', 9)]),
      { kind: 'evicts', slot: false, who: [named('idle')] },
    ],
    [
      'nobody goes whom an acquire is about to take',
      pool([...active(1), warm('wanted', 1), warm('other', 9)], { wanted: new Set(['wanted']) }),
      { kind: 'evicts', slot: false, who: [named('other')] },
    ],
    ['soft goes over the limit', pool(active(3)), { kind: 'over', slot: false, nth: 4 }],
    ['soft does not count what is stopping', pool([...active(2), entry('s', { state: 'stopping' })]), { kind: 'room', slot: false, room: 1 }],
    [
      'queue takes the place of what is stopping, and needs no victim',
      pool([...active(2), entry('s', { state: 'stopping' })], { mode: 'queue' }),
      { kind: 'evicts', slot: false, who: [] },
    ],
    ['queue counts containers that nobody has any more', pool(active(2), { mode: 'queue', strays: 2 }), { kind: 'evicts', slot: false, who: [] }],
    ['queue waits', pool(active(3), { mode: 'queue', ahead: 2 }), { kind: 'waits', ahead: 2 }],
    ['queue waits behind others although there is room', pool(active(1), { mode: 'queue', ahead: 1 }), { kind: 'waits', ahead: 1 }],
    ['reject refuses', pool(active(3), { mode: 'reject' }), { kind: 'refused' }],
    ['reject evicts first', pool([...active(2), warm('w', 1)], { mode: 'reject' }), { kind: 'evicts', slot: false, who: [named('w')] }],
  ])('%s', (_, view, expected) => {
    expect(nextAcquire(view, false)).toEqual(expected)
  })
  it('takes a slot where one is ready', () => expect(nextAcquire(pool([]), true)).toEqual({ kind: 'room', slot: true, room: 3 }))

  it.each<[NextAcquire, string]>([
    [{ kind: 'room', slot: true, room: 2 }, 'The next new thread takes a slot; there is room for 2.'],
    [{ kind: 'evicts', slot: true, who: [named('faq')] }, 'The next new thread takes a slot, and t-faq is evicted.'],
    [{ kind: 'evicts', slot: false, who: [named('faq'), named('b'), named('c')] }, 'The next new thread starts cold, and t-faq and 2 others are evicted.'],
    [{ kind: 'evicts', slot: false, who: [{ id: '', user: '', thread: null }] }, 'The next new thread starts cold, and another sandbox is evicted.'],
    [{ kind: 'evicts', slot: false, who: [] }, 'The next new thread starts cold, in the place of one that is stopping.'],
    [{ kind: 'over', slot: false, nth: 9 }, 'All are in use. The next new thread starts cold, as number 9 of 8.'],
    [{ kind: 'waits', ahead: 2 }, 'All are in use: the next new thread waits, with 2 ahead.'],
    [{ kind: 'refused' }, 'All are in use: the next new thread is refused.'],
    [{ kind: 'engine', none: false }, 'New threads wait for the engine.'],
  ])('%j is said, on a screen as in a shell', (next, said) => {
    for (const numbers of [format('en-US', 'UTC'), plainNumbers]) expect(textOf(sayNext(next, 8, numbers))).toBe(said)
  })
})

describe('the next reap', () => {
  it('is of the kept one that has been let alone longest; what is held or works is nobody', () => {
    expect(nextReap([entry('held', { activityAt: 1 }), warm('b', 70), warm('a', 20), warm('busy', 1, { work: 1 })], { idleMs: 600, pauseMs: 0 })).toEqual({
      ...named('a'),
      at: 620,
    })
    expect(nextReap([warm('a', 20)], { idleMs: 0, pauseMs: 0 })).toBeNull()
    expect(nextReap([], { idleMs: 600, pauseMs: 0 })).toBeNull()
  })
})
