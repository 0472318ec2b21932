import { describe, expect, it } from 'vitest'
import { history, inParts, tail, unheard } from '../../../main/work/terminals/history.ts'

describe('history', () => {
  it('keeps all while it is short, and says when the beginning is gone', () => {
    const past = history(100)
    past.add('one\n')
    past.add('two')
    expect([past.text(), past.cut()]).toEqual(['one\ntwo', false])
    for (let n = 0; n < 50; n += 1) past.add(`line ${n}\n`)
    expect(past.cut()).toBe(true)
    expect(past.text().length).toBeLessThanOrEqual(150)
    expect(past.text()).toMatch(/^line \d+\n/)
    expect(past.text()).toMatch(/line 49\n$/)
  })
})

describe('tail', () => {
  it.each([
    ['short', 10, 'short'],
    ['0123456789\nabc', 8, 'abc'],
    // A screen without lines: from the next sequence on, not from the middle of one.
    ['xxxxx\u001B[31mred\u001B[0mplain-and-longer-text', 30, '\u001B[0mplain-and-longer-text'],
    ['🦐🦐🦐', 3, '🦐'],
  ])('%j, %i characters: %j', (text, limit, kept) => expect(tail(text, limit)).toBe(kept))
})

describe('unheard', () => {
  const long = Array.from({ length: 500 }, (_, n) => `line ${n}\n`).join('')
  it.each([
    ['nothing was heard', '', 'all', 'all'],
    ['nothing is new', long, long, ''],
    ['the end is new', long, `${long.slice(1000)}new`, 'new'],
    ['it begins with what is new', long, 'prompt$ ', 'prompt$ '],
  ])('%s', (_, past, told, rest) => expect(unheard(past, told)).toBe(rest))
})

describe('inParts', () => {
  it('cuts no character in two and loses none', () => {
    const text = 'a🦐b🦐🦐c'.repeat(50)
    const parts = [...inParts(text, 7)]
    expect(parts.join('')).toBe(text)
    for (const part of parts) expect(part.isWellFormed()).toBe(true)
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(7)
    expect([...inParts('', 7)]).toEqual([])
  })
})
