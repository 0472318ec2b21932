import { describe, expect, it } from 'vitest'
import { matches, parseSearch } from '../../../renderer/sandboxes/search.logic.ts'
import { counts, groupsOf, nextSorting, rowMaker, type Wanted } from '../../../renderer/sandboxes/rows.logic.ts'
import { nextAcquire } from '../../../renderer/sandboxes/next-acquire.logic.ts'
import { boats, tally } from '../../../renderer/sandboxes/pier.logic.ts'
import { sandboxesWords } from '../../../renderer/words/sandboxes.ts'
import type { House, SandboxRow } from '../../../shared/state.ts'

const row = (thread: string | null, status: SandboxRow['status'], rest: Partial<SandboxRow> = {}): SandboxRow => ({
  id: `${(thread ?? 'x').length}`.padEnd(16, 'a'), user: 'default', thread, status, backend: 'docker', isolation: 'container', image: 'berth-lite:0.4', name: 'n', container: 'c',
  holders: [], created_at: '2026-11-25T10:00:00.000Z', last_activity_at: '2026-11-25T10:00:00.000Z', expires_at: null, replaced: 0, step: null, error: null,
  commands: [], finished: [], terminals: [], ...rest,
})
const held = (by: string) => ({ holders: [{ holder: by, since: '2026-11-25T10:00:00.000Z' }] })
const all: Wanted = { filter: 'all', search: '', grouping: 'state', sorting: null }
const list = (sandboxes: SandboxRow[], wanted: Partial<Wanted> = {}) =>
  groupsOf({ sandboxes, slots: [] }, { ...all, ...wanted }, () => null, rowMaker(), sandboxesWords.groups).map((group) => [group.id, group.rows.map((it) => (it.kind === 'sandbox' ? it.sandbox.thread : it.id))])

describe('the search field', () => {
  it.each([
    ['report', true], ['REPORT', true], ['holder:ci', true], ['holder:deer', false], ['status:act', true], ['status:warm', false], ['image:0.4', true], ['ci report', true],
    ['status: report', true], ['nothing', false], ['user:default', true],
  ] as const)('%s', (text, found) => expect(matches(row('report-1', 'active', held('ci-runner')), parseSearch(text))).toBe(found))
})

describe('the list', () => {
  it('has failed ones on top, then active with those that come and go, then warm', () => {
    const rows = [row('a', 'warm'), row('b', 'active'), row('c', 'failed'), row('d', 'creating'), row('e', 'paused'), row('f', 'stopping')]
    expect(list(rows)).toEqual([['failed', ['c']], ['active', ['b', 'd', 'f']], ['warm', ['a', 'e']], ['slots', []]])
    expect(counts(rows, [])).toEqual({ all: 6, active: 3, warm: 2, failed: 1, slots: 0 })
  })
  it('keeps its order while numbers change', () => {
    const before = [row('a', 'active', { created_at: '2026-11-25T10:00:02.000Z' }), row('b', 'active', { created_at: '2026-11-25T10:00:01.000Z' })]
    const later = before.map((it) => ({ ...it, last_activity_at: '2026-11-25T11:00:00.000Z' })).reverse()
    expect(list(later)).toEqual(list(before))
  })
  it('gives the same row for the same sandbox, so that only what changed is drawn', () => {
    const maker = rowMaker()
    const one = row('a', 'active')
    expect(maker(one)).toBe(maker(one))
    expect(maker({ ...one })).not.toBe(maker(one))
  })
  it('sorts numbers from the largest, names from the first, and at the third press as before', () => {
    expect(nextSorting(null, 'cpu')).toEqual({ by: 'cpu', direction: 'descending' })
    expect(nextSorting(nextSorting(null, 'cpu'), 'cpu')).toEqual({ by: 'cpu', direction: 'ascending' })
    expect(nextSorting(nextSorting(nextSorting(null, 'cpu'), 'cpu'), 'cpu')).toBeNull()
    expect(nextSorting(null, 'thread')?.direction).toBe('ascending')
  })
  it('groups by holder, each once', () => {
    expect(list([row('a', 'active', held('ci')), row('b', 'active', held('mcp')), row('c', 'warm')], { grouping: 'holder' })).toEqual([['h:ci', ['a']], ['h:mcp', ['b']], ['nobody', ['c']], ['slots', []]])
  })
})

describe('the next acquire', () => {
  const house = (rest: Partial<House>): House => ({
    backend: { kind: 'docker', chosen: 'auto', reason: '', isolation: 'container', reachable: true, engine: null, problem: null, fixes: [], better: null },
    image: null, replicas: 2, counted: 0, capacity_mode: 'soft', spares: { wanted: 0, slots: [], off: null }, shutting_down: false, ...rest,
  } as unknown as House)
  const slot = { name: 's', state: 'ready' as const, image: null, created_at: '' }
  it('takes a slot, and says who is evicted', () => {
    const warm = [row('old', 'warm', { last_activity_at: '2026-11-25T09:00:00.000Z' }), row('new', 'warm')]
    expect(nextAcquire(house({ counted: 2, spares: { wanted: 1, slots: [slot], off: null } }), warm)).toEqual({ way: 'slot', evicts: 'old' })
    expect(nextAcquire(house({ counted: 1 }), warm)).toEqual({ way: 'cold', evicts: null })
  })
  it.each([['soft', 'over'], ['queue', 'waits'], ['reject', 'refused']] as const)('with all active and mode %s: %s', (mode, way) =>
    expect(nextAcquire(house({ counted: 2, capacity_mode: mode }), [row('a', 'active'), row('b', 'active')]).way).toBe(way))
  it('does nothing where nothing can be made', () => {
    expect(nextAcquire(house({ backend: { kind: 'none' } as House['backend'] }), []).way).toBe('none')
  })
})

describe('the pier', () => {
  it('has a berth for each replica, and more boats than that where it is soft', () => {
    expect(boats([row('a', 'active'), row('b', 'failed'), row('c', 'paused'), row('d', 'creating')], 5)).toEqual(['active', 'creating', 'paused', 'free', 'free'])
    expect(boats([row('a', 'active'), row('b', 'active')], 1)).toHaveLength(2)
    expect(tally(boats([], 3)).free).toBe(3)
  })
})
