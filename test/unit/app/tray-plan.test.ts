import { describe, expect, it } from 'vitest'
import { type TrayFacts, trayLook } from '../../../app/menus/tray.ts'
import type { HouseState, SandboxRow } from '../../../shared/state.ts'
import { sandboxRow } from '../../support/ui/sandbox-row.ts'

const sandbox = (thread: string | null, status: SandboxRow['status'], minute: number) =>
  sandboxRow(`${minute}`.padStart(16, '0'), thread, new Date(minute * 60_000).toISOString(), { status })
const house = (rows: SandboxRow[], reachable = true) =>
  ({
    house: { url: 'http://127.0.0.1:7878', backend: { reachable } },
    sandboxes: Object.fromEntries(rows.map((row) => [row.id, row])),
    sessions: {},
  }) as unknown as HouseState
const look = (facts: Partial<TrayFacts>) => trayLook({ state: house([]), link: 'open', offer: false, ending: null, ...facts })
const labels = (facts: Partial<TrayFacts>) => look(facts).items.map(({ label, separator }) => (separator ? '-' : label))

describe('the tray', () => {
  it('counts, and lists the latest used first, five at most', () => {
    const rows = [
      sandbox('one', 'active', 1),
      sandbox('two', 'warm', 5),
      sandbox(null, 'creating', 9),
      sandbox('four', 'paused', 3),
      sandbox('five', 'active', 7),
      sandbox('six', 'failed', 2),
      sandbox('seven', 'stopping', 99),
    ]
    expect(labels({ state: house(rows) })).toEqual([
      'Open',
      '2 active, 2 warm, 1 starting, 1 failed',
      '-',
      'anonymous 000000 (creating)',
      'five (active)',
      'two (warm)',
      'four (paused)',
      'six (failed)',
      '-',
      'New sandbox…',
      'Copy the bridge address',
      'Shut down all…',
      'Settings…',
      '-',
      'Quit',
    ])
  })
  it('leads into each part of a sandbox that can be entered', () => {
    const items = (status: SandboxRow['status']) =>
      look({ state: house([sandbox('a', status, 1)]) }).items.find(({ label }) => label?.startsWith('a '))?.items ?? []
    expect(items('active').map(({ label, enabled }) => [label, enabled])).toEqual([
      ['Open', true],
      ['Terminal', true],
      ['Files', true],
      ['Logs', true],
    ])
    expect(items('failed').map(({ enabled }) => enabled)).toEqual([true, false, false, true])
    expect(items('warm')[1]?.does).toEqual({ act: 'sandbox', id: '0000000000000001', tab: 'terminal' })
  })
  it.each<[string, Partial<TrayFacts>, string, string]>([
    ['nothing', {}, 'empty', 'Berth: 0 active, 0 warm'],
    ['warm', { state: house([sandbox('a', 'warm', 1)]) }, 'warm', 'Berth: 0 active, 1 warm'],
    ['active', { state: house([sandbox('a', 'active', 1), sandbox('b', 'warm', 2)]) }, 'active', 'Berth: 1 active, 1 warm'],
    ['failed', { state: house([sandbox('a', 'failed', 1), sandbox('b', 'active', 2)]) }, 'attention', 'Berth: 1 active, 0 warm, 1 failed'],
    ['no container engine', { state: house([], false) }, 'attention', 'Berth: 0 active, 0 warm'],
    ['looking', { link: 'connecting', state: null }, 'empty', 'Berth: starting'],
    ['lost', { link: 'lost', state: house([sandbox('a', 'active', 1)]) }, 'attention', 'Berth: not running'],
    ['mismatch', { link: 'mismatch', state: null }, 'attention', 'Berth: another version is running'],
  ])('%s', (_name, facts, icon, tooltip) => expect(look(facts)).toMatchObject({ icon, tooltip }))

  it('shuts down only what is there, and says how far it is', () => {
    const item = (facts: Partial<TrayFacts>) => look(facts).items.find(({ label }) => /shut/i.test(label ?? ''))
    expect(item({})).toMatchObject({ enabled: false })
    expect(item({ state: house([sandbox('a', 'warm', 1)]) })).toMatchObject({ enabled: true, does: { act: 'shut-down-all' } })
    expect(item({ state: house([sandbox('a', 'warm', 1)]), link: 'lost' })).toMatchObject({ enabled: false })
    expect(item({ state: house([sandbox('a', 'stopping', 1)]), ending: 1 })).toEqual({ label: 'Shutting down: 1 left', enabled: false })
  })
  it('offers to start an engine here only when one is gone, and equal facts look equal', () => {
    expect(labels({ link: 'lost', offer: true })).toContain('Start Berth here')
    expect(labels({ link: 'lost' })).not.toContain('Start Berth here')
    const rows = [sandbox('a', 'active', 1), { ...sandbox('b', 'active', 1), id: 'ffffffffffffffff' }]
    expect(look({ state: house(rows) })).toEqual(look({ state: house([...rows].reverse()) }))
  })
  it('cuts a long name in the middle, and an ampersand stays one', () => {
    const [, , , name] = labels({ state: house([sandbox(`a&b-${'x'.repeat(60)}-end`, 'active', 1)]) })
    expect(name).toMatch(/^a&&b-x+…x+-end \(active\)$/)
    expect(name?.length).toBeLessThan(60)
  })
})
