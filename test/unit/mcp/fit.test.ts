import { expect, it } from 'vitest'
import { cutBoth, cutMiddle, firstThatFit, jsonBytes } from '../../../main/doors/mcp/answers.ts'
import { linesOf } from '../../../main/doors/mcp/file-tools.ts'
import { seeded } from '../../support/seeded.ts'

const exact = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2

/** Texts of all that JSON writes in different lengths: plain, quotes, controls, two to four bytes, halves of pairs. */
function someTexts(): string[] {
  const random = seeded(7)
  const letters = ['a', '"', '\\', '\n', '\t', '\u0001', '\u007f', 'ä', '€', '\u2028', '😀', '\ud800', '\udc00', 'z']
  return Array.from({ length: 300 }, () => Array.from({ length: random.between(0, 400) | 0 }, () => letters[(random.next() * letters.length) | 0]).join(''))
}

it('counts what JSON takes', () => {
  for (const text of someTexts()) expect(jsonBytes(text)).toBe(exact(text))
})

it('keeps what fits as it is, and otherwise both ends and the number of what is left out', () => {
  for (const text of someTexts()) {
    expect(cutMiddle(text, exact(text))).toEqual({ text, left: 0 })
    const cut = cutMiddle(text, 300)
    expect(exact(cut.text)).toBeLessThanOrEqual(exact(text) <= 300 ? exact(text) : 300)
    if (cut.left === 0) continue
    const [head = '', tail = ''] = cut.text.split(`\n[... ${cut.left} characters left out ...]\n`)
    expect(text.startsWith(head) && text.endsWith(tail)).toBe(true)
    expect(head.length + cut.left + tail.length).toBe(text.length)
    // No pair is torn.
    expect(/[\ud800-\udbff]$/.test(head) && /^[\udc00-\udfff]/.test(text.slice(head.length))).toBe(false)
    expect(/^[\udc00-\udfff]/.test(tail) && /[\ud800-\udbff]$/.test(text.slice(0, text.length - tail.length))).toBe(false)
  }
})

it('gives one of two texts what the other does not need', () => {
  const long = 'x'.repeat(10_000)
  const [one, two] = cutBoth(long, 'short', 5000)
  expect(two).toEqual({ text: 'short', left: 0 })
  expect(one.text.length).toBeGreaterThan(4800)
  const both = cutBoth(long, long, 5000)
  expect(both.map(({ text }) => text.length <= 2500 && text.length > 2300)).toEqual([true, true])
})

it('takes items from the beginning while they fit', () => {
  const items = Array.from({ length: 10 }, (_, at) => ({ at }))
  expect(firstThatFit(items, 1000)).toEqual(items)
  const some = firstThatFit(items, 40)
  expect(Buffer.byteLength(JSON.stringify(some))).toBeLessThanOrEqual(40)
  expect(Buffer.byteLength(JSON.stringify(items.slice(0, some.length + 1)))).toBeGreaterThan(39)
})

it.each([
  ['', 1, Infinity, '', 0],
  ['a', 1, Infinity, 'a', 1],
  ['a\nb\n', 1, Infinity, 'a\nb\n', 2],
  ['a\nb\nc', 2, 1, 'b\n', 3],
  ['a\nb\nc', 3, 5, 'c', 3],
  ['a\nb\nc', 4, 1, '', 3],
  ['\n\n', 2, 1, '\n', 2],
])('lines of %j from %d, %d of them', (text, first, count, part, total) => {
  expect(linesOf(text, first, count)).toEqual({ text: part, total })
})
