import { describe, expect, it } from 'vitest'
import { curlLine, execLine, nameProblem, ofThread, shellLine } from '../../../../renderer/actions/create.logic.ts'
import { lossOf } from '../../../../renderer/actions/loss.logic.ts'
import { runAll } from '../../../../renderer/actions/actions.ts'
import { cpuShare, nearLimit, withSamples } from '../../../../renderer/sandboxes/list/gauges.logic.ts'
import { leftOf } from '../../../../renderer/sandboxes/list/time.logic.ts'
import { isolationRows, notesOf } from '../../../../renderer/sandboxes/notes.logic.ts'
import { follow, outcome, planOf, targetsOf, type Steps } from '../../../../renderer/actions/shutdown.logic.ts'
import { fail } from '../../../../shared/errors.ts'
import { fixtureHouse } from '../../../support/ui/fixture-state.ts'
import { at, held, running, sandbox, slot, t0 } from './rows.ts'

describe('what is left of a row', () => {
  it.each([
    ['a countdown', sandbox('a', { expires_at: at(527) }), { kind: 'time', ms: 527_000, near: false }],
    ['near its end within a minute', sandbox('a', { status: 'warm', expires_at: at(58) }), { kind: 'time', ms: 58_000, near: true }],
    ['none below nothing', sandbox('a', { status: 'warm', expires_at: at(-5) }), { kind: 'time', ms: 0, near: true }],
    ['a command keeps it', sandbox('a', { commands: [running('x')], expires_at: at(5) }), { kind: 'working' }],
    ['work that only the engine knows of', sandbox('a', { expires_at: null, working: true }), { kind: 'working' }],
    ['being made', sandbox('a', { status: 'creating', expires_at: null }), { kind: 'none' }],
    ['a slot is kept', slot('Slot 1'), { kind: 'kept' }],
  ])('%s', (_, row, expected) => expect(leftOf(row, t0)).toEqual(expected))

  it('is kept where nothing is ever reaped', () => expect(leftOf(sandbox('a', { expires_at: null }), t0)).toEqual({ kind: 'kept' }))
})

describe('gauges', () => {
  const gauge = (cpu: number | null, memory = 100) => ({ cpu, cpu_limit: 2, memory, memory_limit: 1000 })
  it('are shares of the limit; without one, of one CPU', () => {
    expect(cpuShare(gauge(50))).toBe(0.25)
    expect(cpuShare({ ...gauge(50), cpu_limit: null })).toBe(0.5)
    expect(cpuShare(null)).toBeNull()
  })
  it('keep sixty, with gaps where nothing was measured, and forget who is gone', () => {
    let series = withSamples(new Map(), [{ sandboxes: { a: gauge(2) } }, { sandboxes: {} }, { sandboxes: { a: gauge(null), b: gauge(4) } }])
    expect(series.get('a')).toEqual({ cpu: [0.01, null, null], memory: [100, null, 100], last: gauge(null) })
    expect(series.get('b')?.cpu).toEqual([null, null, 0.02])
    series = withSamples(
      series,
      Array.from({ length: 60 }, () => ({ sandboxes: { b: gauge(1) } })),
    )
    expect([...series.keys()]).toEqual(['b'])
    expect(series.get('b')?.cpu).toHaveLength(60)
  })
  it('are near their limit from 85% on', () => {
    expect([849, 850].map((memory) => nearLimit(gauge(0, memory)))).toEqual([false, true])
    expect(nearLimit({ ...gauge(0, 999), memory_limit: null })).toBe(false)
  })
})

describe('a new sandbox', () => {
  it.each([
    ['', null],
    ['ok-1_B', null],
    ['a'.repeat(64), null],
    ['a'.repeat(65), 'A thread id must be 1 to 64 of A-Z a-z 0-9 _ -.'],
    ['a b', 'A thread id must be 1 to 64 of A-Z a-z 0-9 _ -.'],
    ['../x', 'A thread id must be 1 to 64 of A-Z a-z 0-9 _ -.'],
  ])('%j: %s', (text, problem) => {
    expect(nameProblem('thread', text)).toBe(problem)
  })
  it('is the same call from a shell', () => {
    const berth = { command: ['berth'], home_option: [] }
    expect(shellLine({ command: ['/home/a b/bin/berth.mjs'], home_option: ['--home', '/srv/berth'] }, 'report', 'default')).toBe(
      `'/home/a b/bin/berth.mjs' acquire --thread report --home /srv/berth`,
    )
    expect(shellLine(berth, 'report', 'default')).toBe('berth acquire --thread report')
    expect(shellLine(berth, 'report', 'ann')).toBe('berth acquire --thread report --user ann')
    expect(curlLine('http://127.0.0.1:7900', 'report', 'ann')).toContain(`-d '{"thread":"report","user":"ann"}'`)
    expect(execLine(berth, sandbox('report'))).toBe('berth exec --thread report -- ls -la')
    expect(execLine(berth, sandbox('x', { thread: null, id: '00000000000000ff' }))).toBe('berth exec 00000000000000ff -- ls -la')
  })
  it('is told apart by user', () => {
    const rows = [sandbox('report', { user: 'ann' }), sandbox('report')]
    expect(ofThread(rows, 'report', 'default')).toBe(rows[1])
    expect(ofThread(rows, 'report', 'bob')).toBeNull()
  })
})

describe('a shutdown', () => {
  const used = sandbox('used', { holders: held('a'), commands: [running('make')] })
  const idle = sandbox('idle', { holders: held('a') })
  const making = sandbox('making', { status: 'creating' })
  const warm = sandbox('warm', { status: 'warm' })
  const opened = sandbox('opened', {
    status: 'warm',
    terminals: [{ id: 't', sandbox: '0', title: 'Terminal 1', created_at: at(0), cols: 80, rows: 24, ended: null }],
  })
  const gone = sandbox('failed', { status: 'failed' })
  const all = [used, idle, making, warm, opened, gone]
  const state = (rows = all, slots = [slot('Slot 1')]) => ({
    house: { ...fixtureHouse, spares: { ...fixtureHouse.spares, slots } },
    sandboxes: Object.fromEntries(rows.map((row) => [row.id, row])),
  })
  const plan = planOf(state())
  const names = (targets: readonly { name: string }[]) => targets.map(({ name }) => name)

  it('names who loses what, a warm one with an open terminal among them', () => {
    expect(plan.used.map(({ thread }) => thread)).toEqual(['used', 'idle', 'opened'])
    expect(plan.working).toBe(1)
    expect(names(targetsOf(plan, 'all'))).toEqual(['used', 'idle', 'opened', 'making', 'warm', 'Slot 1'])
    expect(names(targetsOf(plan, 'unused'))).toEqual(['warm'])
  })

  it('follows each by the state, and what is gone stays gone', () => {
    const targets = targetsOf(plan, 'all')
    const begun = follow(new Map(), targets, state(), 10)
    expect([...begun.values()].every(({ phase }) => phase === 'waiting')).toBe(true)
    expect(follow(begun, targets, state(), 20)).toBe(begun)
    const stopping = follow(begun, targets, state([{ ...used, status: 'stopping' }, idle, making, opened], []), 30)
    expect(stopping.get(used.id)).toEqual({ phase: 'stopping', at: 30 })
    expect(stopping.get(warm.id)).toEqual({ phase: 'gone', at: 30 })
    expect(stopping.get('slot:Slot 1')).toEqual({ phase: 'gone', at: 30 })
    expect(follow(stopping, targets, state(), 40).get(warm.id)?.phase).toBe('gone')
  })

  it("ends with who is left, in the engine's words, and the slowest of those gone", () => {
    const targets = targetsOf(plan, 'unused').concat({ id: 'x', name: 'stuck' }, { id: 'y', name: 'slow' })
    const steps: Steps = new Map([
      [warm.id, { phase: 'gone', at: 100 }],
      ['y', { phase: 'gone', at: 900 }],
      ['x', { phase: 'stopping', at: 2000 }],
    ])
    expect(outcome(targets, steps, [{ id: 'x', error: '409 Conflict' }])).toEqual({
      failures: [{ id: 'x', name: 'stuck', error: '409 Conflict' }],
      gone: 2,
      slowest: { id: 'y', name: 'slow' },
    })
  })
})

describe('what is lost', () => {
  it('is counted once for each holder, and files only of those without a thread', () => {
    const loss = lossOf([sandbox('a', { holders: held('x', 'y'), commands: [running('one')] }), sandbox('b', { thread: null, holders: held('x') })])
    expect(loss).toMatchObject({ terminals: 0, holders: ['x', 'y'], anonymous: 1, threads: 1 })
    expect(loss.commands.map(({ command }) => command.command)).toEqual(['one'])
  })
  it('one that fails does not keep the others from it', async () => {
    const done = await runAll([1, 2, 3], async (n) => {
      if (n === 2) throw fail('ENGINE_FAILED', 'The engine refused', { next: 'Try again.' })
    })
    expect(done).toEqual({ done: 2, failed: 1, first: 'The engine refused. Try again.' })
  })
})

describe('notes', () => {
  const calm = { ...fixtureHouse, image: null }
  const ids = (rest: Partial<typeof fixtureHouse>, awaited = false) => notesOf({ ...calm, ...rest }, awaited).map(({ id }) => id)
  const backend = (rest: Partial<typeof fixtureHouse.backend>) => ({ backend: { ...calm.backend, ...rest } })

  it.each<[string, Partial<typeof fixtureHouse>, string[]]>([
    ['nothing to say', {}, []],
    ['the engine is away', backend({ reachable: false, problem: 'refused' }), ['lost']],
    ['there is none: that has a page of its own', backend({ kind: 'none', reachable: false }), []],
    ['embedded by auto, and something better by now', backend({ kind: 'embedded', isolation: 'bubblewrap', better: 'Docker answers' }), ['better', 'embedded']],
    ['embedded by choice needs no note', backend({ kind: 'embedded', chosen: 'config', isolation: 'bubblewrap' }), []],
    ['not isolated is always said', backend({ kind: 'embedded', chosen: 'config', isolation: 'none' }), ['embedded']],
    [
      'the most urgent first',
      { ...backend({ reachable: false }), warnings: ['a', 'b'], config: { file: 'x', error: 'line 9' }, spares: { wanted: 2, slots: [], off: 'why' } },
      ['lost', 'config', 'warning-0', 'warning-1'],
    ],
    ['slots that are off', { spares: { wanted: 2, slots: [], off: 'why' } }, ['slots']],
    ['slots that nobody wants', { spares: { wanted: 0, slots: [], off: 'why' } }, []],
    ['an image on its way', { image: { name: 'i', present: false, progress: null, layers: [], since: at(0), problem: null } }, ['image']],
    ['an image that failed', { image: { name: 'i', present: false, progress: null, layers: [], since: null, problem: 'refused' } }, ['image-failed']],
  ])('%s', (_, rest, expected) => expect(ids(rest)).toEqual(expected))

  it('leaves the image to the row that waits for it', () => {
    expect(ids({ image: { name: 'i', present: false, progress: null, layers: [], since: at(0), problem: null } }, true)).toEqual([])
  })
  it('claims no isolation that is not there', () => {
    expect(isolationRows('none').every(({ isolated }) => isolated === 'no')).toBe(true)
    expect(
      isolationRows('bubblewrap')
        .filter(({ isolated }) => isolated === 'yes')
        .map(({ what }) => what),
    ).toEqual(['files', 'processes'])
  })
})
