import { describe, expect, it } from 'vitest'
import { afterHead, arrange, type Memory, nobody, noMemory, parseQuery, plainView, type View } from '../../../../renderer/sandboxes/list/arrange.logic.ts'
import { type ListRow, nameOf } from '../../../../renderer/state/rows.logic.ts'
import { at, held, sandbox, slot } from './rows.ts'

const nothing = () => ({ cpu: null, memory: null })

function arranged(rows: readonly ListRow[], view: Partial<View> = {}, before: Memory = noMemory, used = nothing as Parameters<typeof arrange>[3]) {
  const full = { ...plainView, ...view }
  const all = arrange(rows, full, parseQuery(full.find), used, before)
  return { ...all, names: Object.fromEntries(all.groups.map((group) => [group.title ?? '', group.rows.map(nameOf)])) }
}

const failed = sandbox('broken', { status: 'failed' })
const old = sandbox('old', { created_at: at(1), holders: held('deer-flow') })
const young = sandbox('young', { created_at: at(9), holders: held('ci', 'deer-flow') })
const making = sandbox('making', { created_at: at(5), status: 'creating' })
const warm = sandbox('warm', { status: 'warm', created_at: at(2) })
const paused = sandbox('paused', { status: 'paused', created_at: at(3) })
const rows = [warm, old, failed, making, young, paused, slot('Slot 2'), slot('Slot 10')]

describe('the list', () => {
  it('stands failed, active, warm, slots: what is made with the active, what is paused with the warm, the newest first', () => {
    expect(arranged(rows).names).toEqual({ failed: ['broken'], active: ['young', 'making', 'old'], warm: ['paused', 'warm'], slots: ['Slot 2', 'Slot 10'] })
    expect(Object.keys(arranged(rows).names)).toEqual(['failed', 'active', 'warm', 'slots'])
  })

  it('counts every place, whatever is shown of it', () => {
    for (const show of ['all', 'warm'] as const) expect(arranged(rows, { show }).counts).toEqual({ all: 8, failed: 1, active: 3, warm: 2, slots: 2 })
  })

  it('shows one place without a head of its own', () => {
    expect(arranged(rows, { show: 'warm' }).names).toEqual({ '': ['paused', 'warm'] })
  })

  it('groups by the first holder, with nobody at the end', () => {
    expect(Object.entries(arranged(rows, { by: 'holder' }).names).map(([title, names]) => [title, names.length])).toEqual([
      ['ci', 1],
      ['deer-flow', 1],
      [nobody, 6],
    ])
  })

  it('says how many the words found, of how many', () => {
    const { shown, outOf, names } = arranged(rows, { find: 'holder:deer', by: 'flat' })
    expect({ shown, outOf, names }).toEqual({ shown: 2, outOf: 8, names: { '': ['young', 'old'] } })
  })

  it('keeps the very objects of the state', () => {
    expect(
      arranged(rows)
        .groups.flatMap((group) => group.rows)
        .every((row) => rows.includes(row)),
    ).toBe(true)
  })
})

describe('the order', () => {
  const memory = { a: 100, b: 300, c: 200 }
  const three = [sandbox('a', { created_at: at(1) }), sandbox('b', { created_at: at(2) }), sandbox('c', { created_at: at(3) })] as const
  const usedOf = (sizes: Record<string, number>) => (id: string) => ({ cpu: null, memory: sizes[three.find((row) => row.id === id)?.thread ?? ''] ?? null })
  const view = { by: 'flat', sort: { column: 'memory', direction: 'descending' } } as const

  it('holds while values change, and is made anew when a state does', () => {
    const first = arranged(three, view, noMemory, usedOf(memory))
    expect(first.names).toEqual({ '': ['b', 'c', 'a'] })
    const busier = usedOf({ a: 900, b: 1, c: 2 })
    const changed = three.map((row) => ({ ...row, last_activity_at: at(50), expires_at: at(650) }))
    const second = arranged(changed, view, first.memory, busier)
    expect(second.names).toEqual(first.names)
    expect(arranged([{ ...(changed[0] as (typeof three)[0]), status: 'warm' }, ...changed.slice(1)], view, second.memory, busier).names).toEqual({
      '': ['a', 'c', 'b'],
    })
  })

  it('is made anew when somebody comes or goes, or another sort is asked for', () => {
    const first = arranged(three, view, noMemory, usedOf(memory))
    expect(arranged([...three, sandbox('d')], view, first.memory, usedOf(memory)).names).toEqual({ '': ['b', 'c', 'a', 'd'] })
    expect(arranged(three.slice(1), view, first.memory, usedOf(memory)).names).toEqual({ '': ['b', 'c'] })
    expect(arranged(three, { by: 'flat', sort: { column: 'memory', direction: 'ascending' } }, first.memory, usedOf(memory)).names).toEqual({
      '': ['a', 'c', 'b'],
    })
  })

  it('leaves what is being stopped where it stood until it is gone', () => {
    const first = arranged([old, warm])
    const second = arranged(
      [
        { ...old, status: 'stopping', holders: [] },
        { ...warm, status: 'stopping' },
      ],
      {},
      first.memory,
    )
    expect(second.names).toEqual({ active: ['old'], warm: ['warm'] })
    expect(second.counts).toMatchObject({ active: 1, warm: 1 })
  })

  it.each([
    ['thread', 'ascending', ['run-2', 'run-10', 'run-30']],
    ['thread', 'descending', ['run-30', 'run-10', 'run-2']],
    ['left', 'ascending', ['run-30', 'run-2', 'run-10']],
    ['left', 'descending', ['run-10', 'run-2', 'run-30']],
    ['held', 'ascending', ['run-10', 'run-30', 'run-2']],
    ['held', 'descending', ['run-30', 'run-10', 'run-2']],
    ['age', 'descending', ['run-10', 'run-30', 'run-2']],
  ] as const)('by %s, %s: %j; what has no value is last either way', (column, direction, names) => {
    const all = [
      sandbox('run-10', { created_at: at(1), expires_at: null, holders: held('ci') }),
      sandbox('run-2', { created_at: at(3), expires_at: at(60) }),
      sandbox('run-30', { created_at: at(2), expires_at: at(30), holders: held('deer-flow') }),
    ]
    expect(arranged(all, { by: 'flat', sort: { column, direction } }).names).toEqual({ '': names })
  })
})

describe('a press on a head', () => {
  it('begins with the biggest where a number is meant, then turns round, then ends', () => {
    const first = afterHead(null, 'cpu')
    expect(first).toEqual({ column: 'cpu', direction: 'descending' })
    expect(afterHead(first, 'cpu')).toEqual({ column: 'cpu', direction: 'ascending' })
    expect(afterHead(afterHead(first, 'cpu'), 'cpu')).toBeNull()
    expect(afterHead(first, 'thread')).toEqual({ column: 'thread', direction: 'ascending' })
  })
})
