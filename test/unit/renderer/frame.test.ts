import { describe, expect, test } from 'vitest'
import { pieces, search, type EntryGroup } from '../../../renderer/frame/palette.logic.ts'
import { engineNow } from '../../../renderer/state/ticker.ts'
import { codeOf } from '../../../renderer/frame/locked.logic.ts'
import { hashOf, parseHash } from '../../../renderer/state/page-address.ts'
import { activeCount, addressOf, healthOf, imageShare } from '../../../renderer/frame/side.logic.ts'
import { shortEngineName } from '../../../renderer/words/format.ts'
import { spark } from '../../../renderer/parts/curves.ts'
import { isSafeLink, joined } from '../../../renderer/transport/browser-native.ts'
import { afterClose, retryDelay } from '../../../renderer/transport/socket-connector.ts'
import { fixtureHouse } from '../../support/ui/fixture-state.ts'

describe('routes', () => {
  test.each<[string, string[], Record<string, string>]>([
    ['', ['sandboxes'], {}],
    ['#/', ['sandboxes'], {}],
    ['#/sandboxes/3f/logs', ['sandboxes', '3f', 'logs'], {}],
    ['#/settings?find=idle%20x', ['settings'], { find: 'idle x' }],
    ['#/a%2Fb', ['a/b'], {}],
    ['#/50%', ['50%'], {}],
  ])('%s', (hash, path, query) => expect(parseHash(hash)).toEqual({ path, query }))
  test('there and back', () =>
    expect(parseHash(hashOf(['sandboxes', 'a/b?c', 'files'], { path: '/mnt/x y' }))).toEqual({
      path: ['sandboxes', 'a/b?c', 'files'],
      query: { path: '/mnt/x y' },
    }))
})

describe('the palette', () => {
  const entry = (title: string, detail?: string) => ({ id: title, title, detail, run: () => undefined })
  const groups: EntryGroup[] = [
    { title: 'Sandboxes', entries: [entry('docs-crawl'), entry('fix-login', 'held by deer-flow'), entry('login')] },
    { title: 'Commands', entries: [entry('Open logs'), entry('New sandbox')] },
  ]
  const titles = (typed: string) => search(groups, typed, 9).map(({ title, hits }) => [title, ...hits.map((hit) => hit.entry.title)])

  test('nothing typed: all, in their order', () =>
    expect(titles('')).toEqual([
      ['Sandboxes', 'docs-crawl', 'fix-login', 'login'],
      ['Commands', 'Open logs', 'New sandbox'],
    ]))
  test('a beginning before the middle, a title before a detail', () =>
    expect(titles('lo')).toEqual([
      ['Sandboxes', 'login', 'fix-login'],
      ['Commands', 'Open logs'],
    ]))
  test('all words must occur', () => expect(titles('log open')).toEqual([['Commands', 'Open logs']]))
  test('found in the detail', () => expect(titles('deer')).toEqual([['Sandboxes', 'fix-login']]))
  test('nothing', () => expect(titles('zzz')).toEqual([]))
  test('what was typed is marked wherever it occurs', () =>
    expect(pieces('Lo and lo', ['lo'])).toEqual([
      { text: 'Lo', hit: true },
      { text: ' and ', hit: false },
      { text: 'lo', hit: true },
    ]))
  test('nothing typed, nothing marked', () => expect([pieces('abc', []), pieces('', ['a'])]).toEqual([[{ text: 'abc', hit: false }], []]))
})

describe('the sidebar', () => {
  test.each([
    ['Docker 28.4.0, local socket', 'Docker 28.4'],
    ['Podman Engine 5.2.1', 'Podman Engine 5.2'],
    ['containerd', 'containerd'],
  ])('%s is %s', (long, short) => expect(shortEngineName(long)).toBe(short))
  test('the engine in two words', () => {
    const backend = fixtureHouse.backend
    expect(healthOf({ backend }, 'live')).toMatchObject({ kind: 'ok', name: 'Docker 28.4', detail: 'answering' })
    expect(healthOf({ backend: { ...backend, reachable: false, problem: 'refused' } }, 'blind')).toMatchObject({
      kind: 'missing',
      detail: 'not answering',
      title: 'refused',
    })
    expect(healthOf({ backend: { ...backend, kind: 'none' } }, 'live')).toMatchObject({ kind: 'missing', name: 'No engine' })
    expect(healthOf({ backend }, 'lost')).toMatchObject({ kind: 'missing', name: 'Berth', detail: 'not answering' })
    expect(healthOf({ backend: { ...backend, kind: 'embedded', isolation: 'none' } }, 'live')).toMatchObject({ kind: 'embedded', detail: 'not isolated' })
  })
  test('counts', () => {
    expect(activeCount([{ status: 'active' }, { status: 'warm' }, { status: 'creating' }, { status: 'failed' }])).toBe(2)
    expect(imageShare(fixtureHouse)).toBeCloseTo(0.62, 2)
    expect(imageShare({ image: null })).toBeNull()
    expect(addressOf('http://127.0.0.1:7878/')).toBe('127.0.0.1:7878')
  })
})

test("the engine's clock goes on between its messages", () => {
  expect(engineNow({ state: { house: { now: '2026-11-25T14:32:07.000Z' } }, at: 500 }, 2500, 0)).toBe(Date.parse('2026-11-25T14:32:09.000Z'))
  expect(engineNow({ state: null, at: 0 }, 5, 77)).toBe(77)
})

test('what was pasted to log in', () => {
  expect(['http://127.0.0.1:7878/#login=abc-DEF_123', ' abc-DEF_123\n', '#login=a%2Db123456', 'not a code', ''].map(codeOf)).toEqual([
    'abc-DEF_123',
    'abc-DEF_123',
    'a-b123456',
    null,
    null,
  ])
})

describe('the socket', () => {
  test.each([
    [4001, '', 'locked'],
    [4009, '0.2.0', 'mismatch'],
    [1001, '', 'lost'],
    [1006, '', 'lost'],
  ])('closed with %d "%s": %s', (code, reason, state) => expect(afterClose(code, reason).state).toBe(state))
  test('tries come later and later, spread, never above 12.5 s', () => {
    expect([1, 2, 3, 4].map((attempt) => retryDelay(attempt, 0.5))).toEqual([250, 500, 1000, 2000])
    expect([retryDelay(1, 0), retryDelay(1, 1), retryDelay(99, 1)]).toEqual([188, 313, 12_500])
  })
})

test.each<[string, boolean]>([
  ['https://example.com/x', true],
  ['http://127.0.0.1:8000/', true],
  ['http://localhost/', true],
  ['http://3f.localhost:7879/', true],
  ['http://example.com/', false],
  ['javascript:alert(1)', false],
  ['file:///etc/passwd', false],
  ['https://user:pass@example.com/', false],
  ['nonsense', false],
])('a link to %s is opened: %s', (url, safe) => expect(isSafeLink(url)).toBe(safe))

test('an uploaded name brings no path with it', () =>
  expect([joined('/mnt/x/', 'a.txt'), joined('/mnt/x', '../../etc/passwd'), joined('/', 'C:\\evil\\b.txt')]).toEqual([
    '/mnt/x/a.txt',
    '/mnt/x/passwd',
    '/b.txt',
  ]))

describe('sparklines', () => {
  const shape = { width: 10, height: 11, top: 10 }
  test('a line and its area', () => expect(spark([0, 10, 5], shape)).toEqual({ line: 'M0,10L5,1L10,5.5', area: 'M0,10L5,1L10,5.5V11H0Z' }))
  test('a gap is a gap', () => expect(spark([0, null, 5], shape).line).toBe('M0,10ZM10,5.5Z'))
  test('each stretch has its own area', () => expect(spark([0, 10, null, 5, 5, 0], shape).area).toBe('M0,10L2,1V11H0ZM6,5.5L8,5.5L10,10V11H6Z'))
  test('what is above the top stays in the picture', () => expect(spark([99, -3], shape).line).toBe('M0,1L10,10'))
  test('nothing measured, nothing drawn', () => expect([spark([], shape).line, spark([null], shape).line]).toEqual(['', '']))
})
