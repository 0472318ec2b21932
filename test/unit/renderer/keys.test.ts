import { describe, expect, test } from 'vitest'
import type { Command } from '../../../renderer/commands/command.ts'
import { createCommands } from '../../../renderer/commands/command.ts'
import { commandFor, counts, strokeName, type Place, type Stroke } from '../../../renderer/commands/keys.logic.ts'
import { keyCaps } from '../../../renderer/parts/key-caps.ts'

const stroke = (key: string, over: Partial<Stroke> = {}): Stroke => ({ key, ctrl: false, meta: false, alt: false, shift: false, ...over })

describe('a press has one name', () => {
  test.each<[Stroke, boolean, string | null]>([
    [stroke('t'), false, 't'],
    [stroke('T', { shift: true }), false, 't'],
    [stroke('?', { shift: true }), false, '?'],
    [stroke(' '), false, 'Space'],
    [stroke('k', { ctrl: true }), false, 'Mod+k'],
    [stroke('k', { meta: true }), true, 'Mod+k'],
    [stroke('k', { ctrl: true }), true, null],
    [stroke('k', { meta: true }), false, null],
    [stroke('K', { ctrl: true, shift: true }), false, 'Mod+Shift+k'],
    [stroke('ArrowDown', { shift: true }), false, 'Shift+ArrowDown'],
    [stroke('Shift', { shift: true }), false, null],
    // AltGr+Q on a German keyboard is @; Alt+ArrowLeft is the browser's way back.
    [stroke('@', { ctrl: true, alt: true }), false, '@'],
    [stroke('ArrowLeft', { alt: true }), false, null],
    [stroke('Dead'), false, null],
  ])('%o, Mac %s: %s', (press, mac, name) => expect(strokeName(press, mac)).toBe(name))
})

describe('where it counts', () => {
  test.each<[string, Place, boolean, boolean]>([
    ['t', 'page', false, true],
    ['t', 'field', false, false],
    ['Mod+k', 'field', false, true],
    ['t', 'terminal', false, false],
    ['Mod+k', 'terminal', false, false],
    ['Mod+Shift+k', 'terminal', false, true],
    ['Mod+k', 'terminal', true, true],
    ['t', 'float', false, false],
    ['Mod+k', 'float', false, false],
  ])('%s in a %s, Mac %s: %s', (name, place, mac, yes) => expect(counts(name, place, mac)).toBe(yes))
})

describe('which command', () => {
  const command = (id: string, ...keys: string[]): Command => ({ id, title: id, keys, run: () => undefined })
  const all = [command('logs', 'l'), command('go', 'g s', 'Mod+1'), command('activity', 'g a'), command('release', 'r')]
  const idOf = (found: ReturnType<typeof commandFor>) => found.command?.id ?? null

  test('a single key', () => expect(idOf(commandFor(all, 'l', null, 0))).toBe('logs'))
  test('two keys, one after the other', () => {
    const first = commandFor(all, 'g', null, 100)
    expect(first).toEqual({ command: null, pending: { stroke: 'g', at: 100 } })
    expect(idOf(commandFor(all, 's', first.pending, 900))).toBe('go')
    expect(idOf(commandFor(all, 'a', first.pending, 900))).toBe('activity')
  })
  test('the second too late is a key of its own', () => expect(idOf(commandFor(all, 's', { stroke: 'g', at: 0 }, 5000))).toBeNull())
  test('the second of no pair is a key of its own', () => expect(idOf(commandFor(all, 'l', { stroke: 'g', at: 0 }, 500))).toBe('logs'))
  test('the later command stands in front', () => expect(idOf(commandFor([...all, command('row-logs', 'l')], 'l', null, 0))).toBe('row-logs'))
})

test('a command that goes gives way to the one it stood in front of', () => {
  const commands = createCommands()
  const ran: string[] = []
  commands.add({ id: 'x', title: 'first', run: () => ran.push('first') })
  const remove = commands.add({ id: 'x', title: 'second', run: () => ran.push('second') })
  expect(commands.run('x')).toBe(true)
  expect(commands.all()).toHaveLength(1)
  remove()
  commands.run('x')
  expect(ran).toEqual(['second', 'first'])
  expect(commands.run('y')).toBe(false)
})

test.each([
  ['Mod+k', false, ['Ctrl', 'K']],
  ['Mod+k', true, ['⌘', 'K']],
  ['g s', false, ['G', 'S']],
  ['Backspace', false, ['⌫']],
  ['/', false, ['/']],
  ['Mod+Shift+k', true, ['⌘', '⇧', 'K']],
])('caps of %s, Mac %s', (keys, mac, caps) => {
  expect(keyCaps(keys, mac)).toEqual(caps)
})
