import { describe, expect, it } from 'vitest'
import { filtered, lastHour, withBatch } from '../../../renderer/bridge/calls.logic.ts'
import { exportLine, snippetsFor } from '../../../renderer/connect/snippets.logic.ts'
import { layerKind, leftMs, rateOf, shareOf, splitName, withMark, type Mark } from '../../../renderer/state/pull.logic.ts'

const call = (seq: number, rest: Partial<Parameters<typeof withBatch>[0][number]> = {}) => ({
  seq,
  at: '2026-11-25T10:00:00.000Z',
  client: 'ci',
  transport: 'http',
  call: 'get',
  sandbox: null,
  ms: 2,
  error: null,
  ...rest,
})

describe('recent calls', () => {
  it('come newest first, and no more than are kept', () => {
    expect(withBatch([call(2), call(1)], [call(3), call(4)], 3).map((it) => it.seq)).toEqual([4, 3, 2])
  })
  it('are refused by their error and slow by their time, but not where waiting is their work', () => {
    const calls = [call(1), call(2, { error: 'UNAUTHORIZED' }), call(3, { ms: 4000 }), call(4, { ms: 4000, call: 'exec' })]
    expect(filtered(calls, 'all')).toHaveLength(4)
    expect(filtered(calls, 'refused').map((it) => it.seq)).toEqual([2])
    expect(filtered(calls, 'slow').map((it) => it.seq)).toEqual([3])
  })
  it('of the last hour are counted, with the middle of their times', () => {
    const now = Date.parse('2026-11-25T10:30:00Z')
    const calls = [call(1, { ms: 1 }), call(2, { ms: 9 }), call(3, { ms: 3 }), call(4, { at: '2026-11-25T08:00:00.000Z', ms: 500 })]
    expect(lastHour(calls, now)).toEqual({ count: 3, median: 3 })
    expect(lastHour([], now)).toEqual({ count: 0, median: null })
  })
})

describe('snippets', () => {
  const berth = { url: 'http://127.0.0.1:7900', command: ['/srv/berth/bin/berth.mjs'], home_option: ['--home', '/srv/home'] }
  const textOf = (id: string, token: string | null = null) => snippetsFor(berth, token).find((one) => one.id === id)?.text ?? ''
  it.each([
    ['claude', 'Bearer $BERTH_TOKEN'],
    ['cursor', 'Bearer ${env:BERTH_TOKEN}'],
    ['vscode', 'Bearer ${input:berth-token}'],
    ['codex', 'bearer_token_env_var = "BERTH_TOKEN"'],
    ['deer-flow', 'provisioner_api_key: $BERTH_TOKEN'],
    ['curl', 'Bearer $BERTH_TOKEN'],
  ])('%s names its token in its own way', (id, says) => {
    expect(textOf(id)).toContain(says)
    expect(textOf(id)).toContain(berth.url)
    expect(textOf(id, 'e2b_1')).toContain('e2b_1')
    expect(textOf(id, 'e2b_1')).not.toMatch(/BERTH_TOKEN|promptString/)
  })
  it('in JSON are JSON, and a client that starts the command is told where it is and which home it is for', () => {
    for (const id of ['desktop', 'cursor', 'vscode']) expect(() => JSON.parse(textOf(id)) as unknown).not.toThrow()
    expect(JSON.parse(textOf('desktop'))).toEqual({ mcpServers: { berth: { command: '/srv/berth/bin/berth.mjs', args: ['mcp', '--home', '/srv/home'] } } })
  })
  it('take a token of the client’s own, never the home’s', () => {
    expect(exportLine(berth, 'claude')).toBe('export BERTH_TOKEN="$(/srv/berth/bin/berth.mjs token add claude-code --home /srv/home)"')
    expect(exportLine({ ...berth, command: ["/a b/it's"], home_option: [] }, 'codex')).toBe(`export BERTH_TOKEN="$('/a b/it'\\''s' token add codex)"`)
  })
})

describe('a pull', () => {
  const mib = 1_048_576
  it('has a rate and a time left once a second has been seen', () => {
    let marks: readonly Mark[] = []
    marks = withMark(marks, { at: 0, done: 0 })
    expect(rateOf(marks)).toBeNull()
    marks = withMark(marks, { at: 2000, done: 40 * mib })
    expect(rateOf(marks)).toBe(20 * mib)
    expect(leftMs({ progress: { type: 'progress', step: 'image-pull', text: '', done: 40 * mib, total: 100 * mib } }, rateOf(marks))).toBe(3000)
  })
  it('forgets the rate of the step before', () => {
    const marks = withMark(
      [
        { at: 0, done: 500 },
        { at: 3000, done: 900 },
      ],
      { at: 4000, done: 10 },
    )
    expect(marks).toEqual([{ at: 4000, done: 10 }])
  })
  it('has no share where the total is not known', () => {
    expect(shareOf({ done: 5, total: null })).toBeNull()
    expect(shareOf({ done: 5, total: 0 })).toBeNull()
    expect(shareOf({ done: 5, total: 4 })).toBe(1)
  })
  it.each([
    ['Pull complete', 'done'],
    ['Already exists', 'done'],
    ['Downloading', 'work'],
    ['Extracting', 'work'],
    ['Waiting', 'wait'],
  ] as const)('says of a layer that is %s: %s', (step, kind) => expect(layerKind(step)).toBe(kind))
})

describe('the name of an image', () => {
  it.each([
    ['berth-lite:0.4', 'berth-lite', '0.4'],
    ['localhost:5000/a/b', 'localhost:5000/a/b', null],
    ['localhost:5000/a/b:1', 'localhost:5000/a/b', '1'],
    ['a/b@sha256:00ff', 'a/b', null],
  ] as const)('%s', (name, repository, tag) => expect(splitName(name)).toEqual({ repository, tag }))
})
