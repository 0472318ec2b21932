import { describe, expect, it } from 'vitest'
import { isEmpty, matches, parseQuery } from '../../../../renderer/sandboxes/list/arrange.logic.ts'
import { nameOf } from '../../../../renderer/state/rows.logic.ts'
import { held, running, sandbox, slot } from './rows.ts'

describe('filter words', () => {
  it.each([
    ['', {}],
    ['   ', {}],
    ['holder:', {}],
    ['invoice', { words: ['invoice'] }],
    ['status:warm,paused Holder:Deer', { status: ['warm', 'paused'], holder: ['deer'] }],
    ['image:agent-infra/sandbox:1.10 user:ann x', { image: ['agent-infra/sandbox:1.10'], user: ['ann'], words: ['x'] }],
    // What is no key of ours is a word: images and ids have colons too.
    ['berth-lite:0.4 colour:red', { words: ['berth-lite:0.4', 'colour:red'] }],
  ])('%j', (text, expected) => {
    expect(parseQuery(text)).toEqual({ words: [], status: [], holder: [], image: [], user: [], ...expected })
  })

  it('are empty while a key has no value yet', () => {
    expect(isEmpty(parseQuery('status:'))).toBe(true)
    expect(isEmpty(parseQuery('status:w'))).toBe(false)
  })

  const row = sandbox('invoice-ocr', {
    id: '3fa2b9d15c7e90ab',
    holders: held('ci-runner', 'coder-mcp'),
    image: 'agent-infra/sandbox:1.10.0',
    user: 'ann',
    commands: [running('make')],
  })
  it.each([
    ['invoice', true],
    ['OCR', true],
    ['3fa2', true],
    ['coder', true],
    ['1.10', true],
    ['nothing', false],
    ['invoice nothing', false],
    ['holder:ci', true],
    ['holder:coder', true],
    ['holder:deer', false],
    ['holder:deer,ci', true],
    ['holder:deer holder:ci', true],
    ['status:act', true],
    ['status:warm', false],
    ['status:working', true],
    ['user:an', true],
    ['user:bob', false],
    ['image:agent holder:ci invoice', true],
    ['image:lite holder:ci', false],
  ])('%j meets a sandbox: %s', (text, expected) => {
    expect(matches(row, parseQuery(text))).toBe(expected)
  })

  it.each([
    ['slot', true],
    ['status:slot', true],
    ['image:lite', true],
    ['holder:ci', false],
    ['user:default', false],
    ['status:warm', false],
  ])('%j meets a slot: %s', (text, expected) => {
    expect(matches(slot('Slot 1'), parseQuery(text))).toBe(expected)
  })

  it('a slot is called by the letters that tell it from others, and is found by what it is called as by its container', () => {
    const ready = slot('my-slot-berth-slot-5c54b9e1f00a')
    expect(nameOf(ready)).toBe('Slot 5c54b9')
    for (const text of [nameOf(ready), 'my-slot-berth-slot-5c54b9e1f00a']) expect(matches(ready, parseQuery(text)), text).toBe(true)
    expect(matches(slot('my-slot-berth-slot-77aa01e1f00a'), parseQuery(nameOf(ready)))).toBe(false)
    expect(nameOf(slot('berth-slot-of-somebody'))).toBe('berth-slot-of-somebody')
  })
})
