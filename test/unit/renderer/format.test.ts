import { describe, expect, test } from 'vitest'
import { format } from '../../../renderer/words/format.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const MiB = 1024 * 1024
const en = format('en-US', 'UTC')

describe('durations in columns: two largest units', () => {
  test.each([
    [0, '0.0 ms'],
    [-5, '0.0 ms'],
    [3.94, '3.9 ms'],
    [9.94, '9.9 ms'],
    [9.96, '10 ms'],
    [212, '212 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0s'],
    [9100, '9.1s'],
    [9940, '9.9s'],
    [9960, '9s'],
    [42 * second, '42s'],
    [59_999, '59s'],
    [minute, '1m 00s'],
    [4 * minute + 12 * second, '4m 12s'],
    [hour, '1h 00m'],
    [2 * hour + 5 * minute + 59 * second, '2h 05m'],
    [day, '1d 0h'],
    [3 * day + 4.9 * hour, '3d 4h'],
  ])('%d ms is %s', (ms, text) => expect(en.duration(ms)).toBe(text))
})

test.each([
  [-3, '<1m'],
  [41.9 * second, '<1m'],
  [minute, '1m'],
  [14 * minute + 59 * second, '14m'],
  [2 * hour + 14 * minute, '2h 14m'],
  [52 * hour, '2d 4h'],
])('an age of %d ms leaves out seconds: %s', (ms, text) => expect(en.age(ms)).toBe(text))

test.each([
  [212, '212 ms'],
  [2100, '2.1 s'],
  [3000, '3 s'],
  [60 * second, '60 s'],
  [10 * minute, '10 min'],
  [90 * minute, '1.5 h'],
  [3 * hour, '3 h'],
  [4 * day, '4 days'],
])('%d ms in a sentence: %s', (ms, text) => expect(en.inWords(ms)).toBe(text))

test.each([
  [-1, '0s'],
  [0, '0s'],
  [1, '1s'],
  [58 * second, '58s'],
  [8 * minute + 46.2 * second, '8m 47s'],
  [59 * minute + 59 * second, '59m 59s'],
  [hour, '1h 00m'],
  [hour + 52 * minute + 3 * second, '1h 52m'],
])('counting, %d ms: %s', (ms, text) => expect(en.countdown(ms)).toBe(text))

test.each([
  [0, '0 B'],
  [212, '212 B'],
  [999, '999 B'],
  [1000, '0.98 KiB'],
  [1024, '1 KiB'],
  [1536, '1.50 KiB'],
  [88 * MiB, '88 MiB'],
  [18.44 * MiB, '18.4 MiB'],
  [702.4 * MiB, '702 MiB'],
  [999.6 * MiB, '0.98 GiB'],
  [1.31 * 1024 * MiB, '1.31 GiB'],
  [100 * MiB, '100 MiB'],
  [2048 * 1024 * MiB, '2 TiB'],
])('%d bytes: %s', (bytes, text) => expect(en.size(bytes)).toBe(text))

test.each([
  [748 * MiB, 1204 * MiB, '748 of 1,204 MiB'],
  [100, 900, '100 of 900 B'],
  [512, 2048, '0.5 of 2.0 KiB'],
  [3 * 1024 * MiB, 20_000 * MiB, '3 of 20 GiB'],
])('%d of %d share a unit: %s', (done, total, text) => expect(en.sizes(done, total)).toBe(text))

test('a rate, a share, numbers and counts', () => {
  expect(en.rate(18.44 * MiB)).toBe('18.4 MiB/s')
  expect(en.percent(0.384)).toBe('38%')
  expect(en.number(1204)).toBe('1,204')
  expect([0, 1, 10].map((value) => en.count(value, 'sandbox', 'sandboxes'))).toEqual(['0 sandboxes', '1 sandbox', '10 sandboxes'])
  expect(en.count(1204, 'file')).toBe('1,204 files')
})

describe('clock and calendar', () => {
  const now = new Date('2026-11-25T14:32:07.412Z')
  test('clock with its milliseconds apart', () => {
    expect(en.clock(now)).toBe('14:32:07')
    expect(en.clock(new Date('2026-11-25T00:00:00Z'))).toBe('00:00:00')
    expect(en.millis(now)).toBe('.412')
    expect(en.millis(new Date('2026-11-25T14:32:07.005Z'))).toBe('.005')
  })
  test.each([
    ['2026-11-25T00:00:01Z', '00:00:01'],
    ['2026-11-24T23:59:59Z', 'yesterday'],
    ['2026-11-22T10:00:00Z', '3 days ago'],
    ['2026-11-04T10:00:00Z', '3 weeks ago'],
    ['2026-08-25T10:00:00Z', '3 months ago'],
    ['2024-11-25T10:00:00Z', '2 years ago'],
  ])('%s is %s', (at, text) => expect(en.when(new Date(at), now)).toBe(text))
  test('days are those of the time zone, not of UTC', () => {
    const tokyo = format('en-US', 'Asia/Tokyo')
    expect(tokyo.when(new Date('2026-11-25T14:59:00Z'), new Date('2026-11-25T15:01:00Z'))).toBe('yesterday')
  })
  test('in full for the tooltip', () => expect(en.full(now)).toMatch(/Wednesday, November 25, 2026.*2:32:07/))
})

test("the locale's own separators", () => {
  const de = format('de-DE', 'UTC')
  expect(de.size(1.31 * 1024 * MiB)).toBe('1,31 GiB')
  expect(de.size(2048 * MiB)).toBe('2 GiB')
  expect(de.number(1204)).toBe('1.204')
  expect(de.when(new Date('2026-11-24T10:00:00Z'), new Date('2026-11-25T10:00:00Z'))).toBe('gestern')
})
