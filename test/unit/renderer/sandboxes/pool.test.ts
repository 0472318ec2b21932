import { describe, expect, it } from 'vitest'
import type { House, SandboxRow } from '../../../../shared/state.ts'
import { berths, evictable, nextAcquire, tally, type Next } from '../../../../renderer/sandboxes/pool/pool.logic.ts'
import { format } from '../../../../renderer/words/format.ts'
import { sayNext } from '../../../../renderer/words/say-next.ts'
import { at, running, sandbox, slot } from './rows.ts'

type Asked = Parameters<typeof nextAcquire>[0]
const house = (rest: Partial<Pick<House, 'replicas' | 'capacity_mode' | 'waiting'>> & { slots?: number; reachable?: boolean; kind?: House['backend']['kind'] } = {}): Asked => {
  const { slots = 0, reachable = true, kind = 'docker', ...facts } = rest
  return { replicas: 3, capacity_mode: 'soft', waiting: 0, ...facts, spares: { slots: Array.from({ length: slots }, (_, n) => slot(`Slot ${n + 1}`)) }, backend: { kind, reachable } }
}
const active = (n: number) => Array.from({ length: n }, (_, i) => sandbox(`a${i}`))
const warm = (name: string, used: number, rest: Partial<SandboxRow> = {}) => sandbox(name, { status: 'warm', last_activity_at: at(used), ...rest })

describe('the next acquire', () => {
  it.each<[string, Asked, SandboxRow[], Next]>([
    ['there is room', house(), active(1), { kind: 'room', slot: false, room: 2 }],
    ['a slot is ready', house({ slots: 1 }), [], { kind: 'room', slot: true, room: 3 }],
    ['failed ones take no place', house(), [...active(2), sandbox('f', { status: 'failed' })], { kind: 'room', slot: false, room: 1 }],
    ['the longest unused goes', house(), [...active(1), warm('late', 50), warm('early', 10)], { kind: 'evicts', slot: false, who: ['early'] }],
    ['paused ones go too, those that work do not', house(), [warm('busy', 1, { commands: [running('x')] }), warm('p', 5, { status: 'paused' }), ...active(1)], { kind: 'evicts', slot: false, who: ['p'] }],
    ['soft goes over the limit', house(), active(3), { kind: 'over', slot: false, nth: 4 }],
    ['soft does not count what is stopping', house(), [...active(2), sandbox('s', { status: 'stopping' })], { kind: 'room', slot: false, room: 1 }],
    ['queue counts what is stopping, and needs no victim for its place', house({ capacity_mode: 'queue' }), [...active(2), sandbox('s', { status: 'stopping' })], { kind: 'evicts', slot: false, who: [] }],
    ['queue waits', house({ capacity_mode: 'queue', waiting: 2 }), active(3), { kind: 'waits', ahead: 2 }],
    ['queue waits behind others although there is room', house({ capacity_mode: 'queue', waiting: 1, replicas: 2 }), active(2), { kind: 'waits', ahead: 1 }],
    ['reject refuses', house({ capacity_mode: 'reject' }), active(3), { kind: 'refused' }],
    ['reject evicts first', house({ capacity_mode: 'reject' }), [...active(2), warm('w', 1)], { kind: 'evicts', slot: false, who: ['w'] }],
    ['the engine is away', house({ reachable: false }), [], { kind: 'engine', none: false }],
    ['there is none', house({ kind: 'none', reachable: false }), [], { kind: 'engine', none: true }],
  ])('%s', (_, asked, rows, expected) => {
    expect(nextAcquire(asked, rows)).toEqual(expected)
  })

  it('a slot that is only starting is not taken', () => {
    expect(nextAcquire({ ...house(), spares: { slots: [slot('Slot 1', { state: 'starting' })] } }, [])).toMatchObject({ slot: false })
  })

  const words = format('en-US', 'UTC')
  it.each<[Next, string]>([
    [{ kind: 'room', slot: true, room: 2 }, 'The next new thread takes a slot; there is room for 2.'],
    [{ kind: 'evicts', slot: true, who: ['faq'] }, 'The next new thread takes a slot, and faq is evicted.'],
    [{ kind: 'evicts', slot: false, who: ['faq', 'b', 'c'] }, 'The next new thread starts cold, and faq and 2 others are evicted.'],
    [{ kind: 'evicts', slot: false, who: [] }, 'The next new thread starts cold, in the place of one that is stopping.'],
    [{ kind: 'over', slot: false, nth: 9 }, 'All are in use. The next new thread starts cold, as number 9 of 8.'],
    [{ kind: 'waits', ahead: 2 }, 'All are in use: the next new thread waits, with 2 ahead.'],
    [{ kind: 'refused' }, 'All are in use: the next new thread is refused.'],
  ])('%j is said', (next, said) => {
    expect(sayNext(next, 8, words).map(({ text }) => text).join('')).toBe(said)
  })
})

describe('the pier', () => {
  it('has a berth for each replica, taken ones first, and shows what is over', () => {
    expect(berths([warm('w', 1), ...active(1), sandbox('c', { status: 'creating' })], house({ replicas: 4 }))).toEqual(['active', 'creating', 'warm', 'free'])
    expect(berths(active(4), house())).toHaveLength(4)
    expect(tally(berths([...active(1), warm('w', 1)], house()))).toEqual([{ berth: 'active', count: 1 }, { berth: 'warm', count: 1 }, { berth: 'free', count: 1 }])
  })
  it('evicts by last use, then by when it would go, then by id', () => {
    const rows = [warm('b', 1, { expires_at: at(20) }), warm('a', 1, { expires_at: at(10) }), warm('z', 0)]
    expect(evictable(rows).map(({ thread }) => thread)).toEqual(['z', 'a', 'b'])
  })
})
