import { expect, it } from 'vitest'
import { dueOf, idlePlan } from '../../../main/core/idle.ts'
import { frozen, held, lookedInto } from '../../../main/core/registry.ts'
import { entry } from '../../support/entries.ts'

const none: ReadonlySet<string> = new Set()
const times = { idleMs: 500, pauseMs: 0 }

it('lets holds run out and reaps the warm, each at its own moment', () => {
  const entries = [
    entry('held', { activityAt: 100 }),
    entry('fresh', { activityAt: 950 }),
    entry('warm', { state: 'warm', since: 50, activityAt: 10 }),
    entry('used', { state: 'warm', since: 50, activityAt: 800 }),
  ]
  expect(idlePlan(entries, 1000, times, none)).toEqual({ expire: ['held'], reap: ['warm'], pause: [], lapse: [], next: 1300 })
})

it('counts a warm life from the moment it became warm, not from its last activity', () => {
  const entries = [entry('a', { state: 'warm', since: 1000, activityAt: 500 })]
  expect(idlePlan(entries, 1499, times, none)).toEqual({ expire: [], reap: [], pause: [], lapse: [], next: 1500 })
  expect(idlePlan(entries, 1500, times, none).reap).toEqual(['a'])
})

it('leaves alone what works, is being made, ends, failed, or is wanted', () => {
  const entries = [
    entry('work', { work: 1 }),
    entry('new', { state: 'creating', sandbox: null }),
    entry('end', { state: 'stopping' }),
    entry('bad', { state: 'failed', sandbox: null }),
    entry('wanted', { state: 'warm' }),
  ]
  expect(idlePlan(entries, 1e9, times, new Set(['wanted']))).toEqual({ expire: [], reap: [], pause: [], lapse: [], next: null })
})

it('0 disables', () => {
  expect(idlePlan([entry('a'), entry('b', { state: 'warm' })], 1e12, { idleMs: 0, pauseMs: 0 }, none)).toEqual({
    expire: [],
    reap: [],
    pause: [],
    lapse: [],
    next: null,
  })
})

it('freezes the warm after a while, and a frozen one lives no longer for it', () => {
  const both = { idleMs: 500, pauseMs: 100 }
  const warm = entry('warm', { state: 'warm', since: 1000 })
  expect(idlePlan([warm], 1050, both, none)).toEqual({ expire: [], reap: [], pause: [], lapse: [], next: 1100 })
  expect(idlePlan([warm], 1100, both, none)).toEqual({ expire: [], reap: [], pause: ['warm'], lapse: [], next: 1500 })
  const cold = frozen(warm, true, 1100)
  expect(cold).toMatchObject({ state: 'paused', since: 1000, sandbox: { state: 'paused' } })
  expect(idlePlan([cold], 1499, both, none)).toEqual({ expire: [], reap: [], pause: [], lapse: [], next: 1500 })
  expect(idlePlan([cold], 1500, both, none).reap).toEqual(['warm'])
})

it('leaves awake for a while what was woken or looked into, which lengthens no life', () => {
  const both = { idleMs: 500, pauseMs: 100 }
  const woken = frozen(frozen(entry('woken', { state: 'warm', since: 1000 }), true, 1100), false, 1300)
  expect(idlePlan([woken], 1300, both, none)).toEqual({ expire: [], reap: [], pause: [], lapse: [], next: 1400 })
  expect(idlePlan([woken], 1400, both, none).pause).toEqual(['woken'])
  const looked = lookedInto(entry('looked', { state: 'warm', since: 1000 }), 1090)
  expect(idlePlan([looked], 1100, both, none)).toEqual({ expire: [], reap: [], pause: [], lapse: [], next: 1190 })
  expect(dueOf(looked, times)?.at).toBe(1500)
})

it('never freezes what is held or has something running', () => {
  const both = { idleMs: 0, pauseMs: 100 }
  const held = entry('held')
  const works = entry('works', { state: 'warm', work: 1 })
  expect(idlePlan([held, works], 1e9, both, none)).toEqual({ expire: [], reap: [], pause: [], lapse: [], next: null })
})

it('lets one that was made ready on a hint go after a minute, even where nothing else is ever reaped', () => {
  const hinted = entry('hinted', { state: 'warm', since: 0, hinted: true })
  expect(dueOf(hinted, { ...times, idleMs: 0 })).toEqual({ at: 60_000, cause: 'hint' })
  expect(dueOf(hinted, { ...times, idleMs: 600_000 })).toEqual({ at: 60_000, cause: 'hint' })
  expect(dueOf(hinted, { ...times, idleMs: 20_000 })).toEqual({ at: 20_000, cause: 'hint' })
  expect(held(hinted, 'h', 10, 10).hinted).toBe(false)
})

it('ends a provisional hold at its own moment, also where nothing else ever ends', () => {
  const lease = (until: number) => ({ holder: 'a', since: 0, provisional: { from: 0, until } })
  const entries = [entry('due', { leases: [lease(60), { holder: 'b', since: 0 }] }), entry('later', { leases: [lease(90)] }), entry('firm')]
  expect(idlePlan(entries, 70, { idleMs: 0, pauseMs: 0 }, none)).toEqual({ expire: [], reap: [], pause: [], lapse: ['due'], next: 90 })
  expect(idlePlan(entries, 70, { idleMs: 0, pauseMs: 0 }, new Set(['due'])).lapse).toEqual([])
})
