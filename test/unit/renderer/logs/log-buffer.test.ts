import { expect, test } from 'vitest'
import { logBuffer, type LogItem, type LogLimits } from '../../../../renderer/sandbox/logs/log-buffer.ts'
import { finder, placesIn, step } from '../../../../renderer/sandbox/logs/find.logic.ts'

const small: LogLimits = { items: 10, characters: 1000, line: 20, waiting: 8 }
const line = (n: number, text = `line ${n}`) => ({ n, at: new Date(Date.UTC(2026, 0, 1, 0, 0, 0, n)).toISOString(), text })
const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, step) => line(from + step))
const texts = (buffer: ReturnType<typeof logBuffer>): string[] => Array.from({ length: buffer.size() }, (_, at) => said(buffer.item(at)))
const said = (item: LogItem | undefined): string => (item === undefined ? '' : item.kind === 'line' ? item.text : `-${item.count}-`)

test('what does not fit is counted where it is missing', () => {
  const buffer = logBuffer(small)
  buffer.push(lines(0, 12), 3)
  expect(buffer.drain(100)).toBe(false)
  // The note of the three lost before takes a place too.
  expect(texts(buffer)).toEqual(['-3-', ...lines(0, 7).map(({ text }) => text), '-5-'])
  expect(buffer.totals()).toEqual({ lines: 7, dropped: 8, gone: 0 })
})

test('shown and dropped are all that was sent, however it comes', () => {
  const buffer = logBuffer(small)
  let sent = 0
  for (let round = 0; round < 200; round += 1) {
    const lost = round % 3
    buffer.push(lines(sent, sent + (round % 14)), lost)
    sent += (round % 14) + lost
    buffer.drain(5)
  }
  while (buffer.drain(5));
  const { lines: shown, dropped, gone } = buffer.totals()
  expect(shown + dropped).toBe(sent)
  expect(dropped).toBeGreaterThan(200)
  expect(buffer.size()).toBe(10)
  expect(gone).toBeGreaterThan(100)
})

test('it is bounded in lines, in characters and in the length of one line', () => {
  const buffer = logBuffer({ ...small, characters: 50 })
  buffer.push([line(1, 'x'.repeat(70))], 0)
  buffer.drain(10)
  expect(buffer.item(0)).toMatchObject({ raw: 'x'.repeat(20), cut: 50 })
  buffer.push([line(2, 'y'.repeat(20)), line(3, 'z'.repeat(20))], 0)
  buffer.drain(10)
  expect(buffer.size()).toBe(2)
  expect(buffer.totals().gone).toBe(1)
})

test('what was cleared stays cleared, in this buffer and in the next', () => {
  const buffer = logBuffer(small)
  buffer.push(lines(0, 4), 0)
  buffer.drain(10)
  buffer.clear()
  buffer.begin()
  buffer.push(lines(0, 6), 0)
  buffer.drain(10)
  expect(texts(buffer)).toEqual(['line 4', 'line 5'])
  const later = logBuffer(small, buffer.clearedTo())
  later.push(lines(2, 6), 0)
  later.drain(10)
  expect(texts(later)).toEqual(['line 4', 'line 5'])
})

test('a new subscription goes on where the last one ended, and says where lines may be missing', () => {
  const buffer = logBuffer(small)
  buffer.push(lines(0, 3), 0)
  buffer.drain(10)
  buffer.begin()
  buffer.push(lines(1, 5), 0)
  buffer.drain(10)
  expect(texts(buffer)).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4'])
  buffer.begin()
  buffer.push(lines(7, 8), 0)
  buffer.drain(10)
  expect(texts(buffer).slice(-2)).toEqual(['-null-', 'line 7'])
})

test('without times a new subscription stands for all', () => {
  const buffer = logBuffer(small)
  const bare = (text: string) => ({ n: 0, at: null, text })
  buffer.push([bare('a'), bare('b')], 0)
  buffer.drain(10)
  buffer.begin()
  buffer.push([bare('a'), bare('b'), bare('c')], 0)
  buffer.drain(10)
  expect(texts(buffer)).toEqual(['a', 'b', 'c'])
})

test('a search looks at each line once, and forgets what has gone', () => {
  const kept = new Map(Array.from({ length: 20 }, (_, at) => [at, at % 2 === 0 ? 'An error, an ERROR' : 'fine']))
  const looked: number[] = []
  const text = (item: number) => {
    looked.push(item)
    return kept.get(item) ?? ''
  }
  const search = finder()
  expect(search.update('error', 0, 10, text)).toHaveLength(10)
  expect(search.update('error', 4, 10, text)).toHaveLength(10)
  expect(looked).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
  expect(search.update('fine', 4, 10, text).map(({ item }) => item)).toEqual([5, 7, 9, 11, 13])
  expect(search.update('', 4, 10, text)).toEqual([])
})

test('places of a text in a line, and the step to the next one', () => {
  expect(placesIn('aXaxA', 'ax')).toEqual([0, 2])
  expect(placesIn('aaaa', 'aa')).toEqual([0, 2])
  expect([step(0, -1, 1), step(3, -1, 1), step(3, -1, -1), step(3, 2, 1), step(3, 0, -1)]).toEqual([-1, 0, 2, 0, 2])
})
