import { describe, expect, it } from 'vitest'
import { counts, happenings, lanes, signOf, summary } from '../../../renderer/state/story.logic.ts'
import { stair } from '../../../renderer/parts/curves.ts'
import { curve, nearest, niceTop, perSecond } from '../../../renderer/sandbox/chart.logic.ts'
import { translate } from '../../../renderer/sandbox/mounts.logic.ts'
import type { BerthEvent } from '../../../shared/events.ts'

const start = Date.parse('2026-11-25T10:00:00Z')
let seq = 0
const event = (minute: number, type: string, rest: Partial<BerthEvent> = {}): BerthEvent => ({
  seq: ++seq,
  at: new Date(start + minute * 60_000).toISOString(),
  type,
  who: 'client:ci',
  sandbox: 'a'.repeat(16),
  user: 'default',
  thread: 'alpha',
  text: type,
  ...rest,
})

describe('what is told', () => {
  const ends = [event(40, 'sandbox.stopping', { text: 'idle' }), event(41, 'terminal.closed'), event(42, 'sandbox.gone', { text: 'idle' })]
  it('is one line for an end, with the time that it took', () => {
    const lines = happenings([event(39, 'sandbox.warm'), ...ends], 'Anonymous')
    expect(lines.map(({ text, tookMs }) => [text, tookMs])).toEqual([
      ['terminal.closed', null],
      ['idle', 120_000],
      ['sandbox.warm', null],
    ])
  })
  it('of an end that became a failure is the failure; of one whose beginning is no longer kept what is left', () => {
    const failure = [event(40, 'sandbox.lost'), event(41, 'sandbox.failed', { text: 'it ended' })]
    expect(happenings(failure, 'Anonymous').map(({ text }) => text)).toEqual(['it ended'])
    expect(happenings(ends.slice(2), 'Anonymous').map(({ text }) => text)).toEqual(['idle'])
  })
  it('is one each where the same thread ends twice, and other sandboxes stay apart', () => {
    const other = { sandbox: 'b'.repeat(16) }
    const all = [
      ends[0]!,
      event(40, 'sandbox.stopping', other),
      ends[2]!,
      event(43, 'sandbox.creating'),
      event(44, 'sandbox.stopping'),
      event(45, 'sandbox.gone', other),
      event(46, 'sandbox.gone'),
    ]
    expect(happenings(all, 'Anonymous').map(({ sandbox, tookMs }) => [sandbox?.[0], tookMs])).toEqual([
      ['a', 120_000],
      ['a', null],
      ['b', 300_000],
      ['a', 120_000],
    ])
  })
})

describe('a sandbox over time', () => {
  const story = [
    event(10, 'sandbox.creating'),
    event(11, 'sandbox.active', { details: { path: 'cold', ms: 400 } }),
    event(20, 'sandbox.warm'),
    event(25, 'sandbox.active', { details: { path: 'warm' } }),
    event(30, 'sandbox.warm'),
    event(40, 'sandbox.stopping', { who: 'berth:capacity', details: { cause: 'evicted' } }),
    event(41, 'sandbox.gone'),
  ]
  it('is a lane of what it was when, with signs for what happened', () => {
    const [lane] = lanes(story, [], start, start + 3_600_000, 'Anonymous')
    expect(lane?.name).toBe('alpha')
    expect(lane?.live).toBe(false)
    expect(lane?.bars.map((bar) => [bar.state, (bar.from - start) / 60_000, (bar.to - start) / 60_000])).toEqual([
      ['creating', 10, 11],
      ['active', 11, 20],
      ['warm', 20, 25],
      ['active', 25, 30],
      ['warm', 30, 40],
    ])
    expect(lane?.points.map((point) => point.sign)).toEqual(['cold', 'reclaimed', 'evicted'])
  })
  it('that was there before all that is known fills its lane', () => {
    const all = lanes([], [{ id: 'b'.repeat(16), name: 'beta', state: 'active', since: start - 9_000_000 }], start, start + 60_000, 'Anonymous')
    expect(all[0]?.bars).toEqual([{ state: 'active', from: start, to: start + 60_000 }])
  })
  it('is cut at the edge of what is looked at', () => {
    const [lane] = lanes(story, [], start + 15 * 60_000, start + 22 * 60_000, 'Anonymous')
    expect(lane?.bars[0]).toEqual({ state: 'active', from: start + 15 * 60_000, to: start + 20 * 60_000 })
  })
  it('is counted', () => {
    const all = lanes(story, [], start, start + 3_600_000, 'Anonymous')
    expect(counts(all, start, start + 3_600_000).map(({ active, warm }) => [active, warm])).toEqual([
      [0, 0],
      [1, 0],
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
      [0, 0],
    ])
  })
  it('is told in lines, newest first', () => {
    expect(happenings(story, 'Anonymous').map((it) => it.sign)).toEqual(['evicted', 'other', 'reclaimed', 'other', 'cold', 'other'])
    expect(summary(happenings(story, 'Anonymous'), start)).toEqual({ slot: 0, cold: 1, failed: 0, slotMs: null, coldMs: 400 })
  })
  it('that was reaped is not one that was evicted', () =>
    expect(signOf(event(1, 'sandbox.stopping', { who: 'berth:idle', details: { cause: 'idle' } }))).toBe('reaped'))
})

describe('a stair', () => {
  it('holds each value until the next', () => {
    expect(
      stair(
        [
          { at: 0, value: 1 },
          { at: 5, value: 2 },
        ],
        { from: 0, to: 10, top: 4, width: 100, height: 40 },
      ),
    ).toEqual({ line: 'M0,30L50,30L50,20L100,20L100,20', area: 'M0,30L50,30L50,20L100,20L100,20V40H0Z' })
  })
})

describe('a chart', () => {
  const scale = { from: 0, to: 10_000, top: 100, width: 100, height: 50 }
  it('breaks its line where nothing was measured', () => {
    expect(
      curve(
        [
          { at: 0, value: 0 },
          { at: 1000, value: 100 },
          { at: 9000, value: 50 },
        ],
        scale,
      ).line,
    ).toBe('M0,50L10,0M90,25Z')
    expect(
      curve(
        [
          { at: 0, value: 0 },
          { at: 1000, value: null },
          { at: 2000, value: 50 },
        ],
        scale,
      ).line,
    ).toBe('M0,50ZM20,25Z')
  })
  it('shows a counter as what it grows by a second', () => {
    expect(
      perSecond([
        { at: 0, value: 100 },
        { at: 2000, value: 300 },
        { at: 3000, value: 5 },
      ]).map((it) => it.value),
    ).toEqual([null, 100, null])
  })
  it.each([
    [37, 10, 10, 50],
    [0, 10, 10, 10],
    [300, 1, 1024, 512],
    [3_000_000, 1, 1024, 4_194_304],
  ] as const)('%s has a round top', (value, least, base, top) => expect(niceTop([{ at: 0, value }], least, base)).toBe(top))
  it('finds what was measured near a moment', () => {
    expect(
      nearest(
        [
          { at: 0, value: 1 },
          { at: 4000, value: 2 },
        ],
        3000,
      )?.value,
    ).toBe(2)
    expect(nearest([{ at: 0, value: 1 }], 60_000)).toBeNull()
  })
})

describe('a path', () => {
  const mount = (host: string, container: string, kind: 'workspace' | 'extra' = 'workspace') => ({
    host,
    container,
    mode: 'rw' as const,
    kind,
    exists: true,
    bytes: 0,
    files: 0,
  })
  const mounts = [mount('/h/t/user-data/workspace', '/mnt/user-data/workspace'), mount('/data', '/mnt/user-data/workspace/data', 'extra')]
  it.each([
    ['/mnt/user-data/workspace/a/b.txt', 'host', '/h/t/user-data/workspace/a/b.txt'],
    ['/mnt/user-data/workspace/data/x', 'host', '/data/x'],
    ['/h/t/user-data/workspace', 'container', '/mnt/user-data/workspace'],
    ['/data/y/', 'container', '/mnt/user-data/workspace/data/y'],
  ] as const)('%s', (path, to, expected) => expect(translate(path, mounts)).toMatchObject({ to, path: expected }))
  it('that is in no mount is said to be lost with the sandbox, or to be nowhere', () => {
    expect(translate('/tmp/x', mounts)).toEqual({ to: null, why: 'not-kept' })
    expect(translate('/database', mounts)).toEqual({ to: null, why: 'nowhere' })
    expect(translate('report.md', mounts)).toEqual({ to: null, why: 'incomplete' })
  })
  it('on Windows has its own separators', () => {
    expect(translate('/mnt/x/a/b', [mount('C:\\h\\x', '/mnt/x')])).toMatchObject({ path: 'C:\\h\\x\\a\\b' })
    expect(translate('C:\\h\\x\\a', [mount('C:\\h\\x', '/mnt/x')])).toMatchObject({ path: '/mnt/x/a' })
  })
})
