import { describe, expect, test } from 'vitest'
import { afterChange, afterKey, afterPress, found, moved, nothingChosen, type Chosen, type Press } from '../../../renderer/parts/grid/grid.logic.ts'

const ids = ['a', 'b', 'c', 'd', 'e']
const press = (key: string, over: Partial<Press> = {}): Press => ({ key, shift: false, mod: false, page: 2, ...over })
const shown = (chosen: Chosen | null) => chosen && { at: chosen.current, all: [...chosen.selected].sort().join('') }

describe('keys', () => {
  test.each<[string, Chosen, Press, { at: string | null; all: string } | null]>([
    ['down from nothing is the first', nothingChosen, press('ArrowDown'), { at: 'a', all: 'a' }],
    ['down', moved('b'), press('ArrowDown'), { at: 'c', all: 'c' }],
    ['down at the end stays', moved('e'), press('ArrowDown'), { at: 'e', all: 'e' }],
    ['up at the top stays', moved('a'), press('ArrowUp'), { at: 'a', all: 'a' }],
    ['Home', moved('d'), press('Home'), { at: 'a', all: 'a' }],
    ['End', moved('b'), press('End'), { at: 'e', all: 'e' }],
    ['a page down', moved('b'), press('PageDown'), { at: 'd', all: 'd' }],
    ['a page up stops at the top', moved('b'), press('PageUp'), { at: 'a', all: 'a' }],
    ['Shift extends', moved('b'), press('ArrowDown', { shift: true }), { at: 'c', all: 'bc' }],
    ['Shift+End extends to the end', moved('b'), press('End', { shift: true }), { at: 'e', all: 'bcde' }],
    ['Ctrl moves only', moved('b'), press('ArrowDown', { mod: true }), { at: 'c', all: 'b' }],
    ['Space adds', { current: 'c', selected: new Set(['b']), anchor: 'b' }, press(' '), { at: 'c', all: 'bc' }],
    ['Space takes away', { current: 'b', selected: new Set(['b', 'c']), anchor: 'b' }, press(' '), { at: 'b', all: 'c' }],
    ['Ctrl+A', moved('b'), press('a', { mod: true }), { at: 'b', all: 'abcde' }],
    ['Esc of several leaves the one at hand', { current: 'c', selected: new Set(ids), anchor: 'a' }, press('Escape'), { at: 'c', all: 'c' }],
    ['Esc of one is for whoever is around', moved('c'), press('Escape'), null],
    ['a letter means nothing here', moved('c'), press('x'), null],
  ])('%s', (_, chosen, key, wanted) => expect(shown(afterKey(chosen, ids, key))).toEqual(wanted))

  test('extending back and forth keeps its anchor', () => {
    let chosen: Chosen | null = moved('c')
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowUp', 'ArrowUp']) chosen = chosen && afterKey(chosen, ids, press(key, { shift: true }))
    expect(shown(chosen)).toEqual({ at: 'b', all: 'bc' })
  })

  test('nothing in an empty list', () => expect(afterKey(nothingChosen, [], press('ArrowDown'))).toBeNull())
})

test.each<[string, { shift: boolean; mod: boolean }, string]>([
  ['a press', { shift: false, mod: false }, 'd'],
  ['with Shift', { shift: true, mod: false }, 'bcd'],
  ['with Ctrl', { shift: false, mod: true }, 'bd'],
])('%s on a row', (_, keys, all) => {
  expect(shown(afterPress(moved('b'), ids, 'd', keys))).toEqual({ at: 'd', all })
})

describe('after the list changed', () => {
  test('nothing of ours: the same object, so that nothing is drawn', () => {
    const chosen = moved('b')
    expect(afterChange(chosen, ['x', 'b', 'a'], 1)).toBe(chosen)
  })
  test('the current row went: the one in its place', () => {
    expect(shown(afterChange(moved('b'), ['a', 'c', 'd'], 1))).toEqual({ at: 'c', all: '' })
    expect(shown(afterChange(moved('e'), ['a', 'b'], 4))).toEqual({ at: 'b', all: '' })
    expect(shown(afterChange(moved('e'), [], 4))).toEqual({ at: null, all: '' })
  })
  test('a selected row went', () =>
    expect(shown(afterChange({ current: 'a', selected: new Set(['a', 'b']), anchor: 'b' }, ['a', 'c'], 0))).toEqual({ at: 'a', all: 'a' }))
})

test('typing finds', () => {
  const texts = ['alpha', 'beta', 'Bravo', 'charlie']
  expect(found(texts, 0, 'b')).toBe(1)
  expect(found(texts, 1, 'b')).toBe(2)
  expect(found(texts, 2, 'b')).toBe(1)
  expect(found(texts, 1, 'br')).toBe(2)
  expect(found(texts, 2, 'br')).toBe(2)
  expect(found(texts, 0, 'x')).toBeNull()
})
