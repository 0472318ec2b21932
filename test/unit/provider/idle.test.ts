import { expect, it } from 'vitest'
import { idlePlan } from '../../../main/provider/idle.ts'
import { entry } from '../../support/entries.ts'

const none: ReadonlySet<string> = new Set()

it('lets holds run out and reaps the warm, each at its own moment', () => {
  const entries = [
    entry('held', { activityAt: 100 }),
    entry('fresh', { activityAt: 950 }),
    entry('warm', { state: 'warm', since: 50, activityAt: 10 }),
    entry('used', { state: 'warm', since: 50, activityAt: 800 }),
  ]
  expect(idlePlan(entries, 1000, 500, none)).toEqual({ expire: ['held'], reap: ['warm'], lapse: [], next: 1300 })
})

it('counts a warm life from the moment it became warm, not from its last activity', () => {
  const entries = [entry('a', { state: 'warm', since: 1000, activityAt: 500 })]
  expect(idlePlan(entries, 1499, 500, none)).toEqual({ expire: [], reap: [], lapse: [], next: 1500 })
  expect(idlePlan(entries, 1500, 500, none).reap).toEqual(['a'])
})

it('leaves alone what works, is being made, ends, failed, or is wanted', () => {
  const entries = [
    entry('work', { work: 1 }),
    entry('new', { state: 'creating', sandbox: null }),
    entry('end', { state: 'stopping' }),
    entry('bad', { state: 'failed', sandbox: null }),
    entry('wanted', { state: 'warm' }),
  ]
  expect(idlePlan(entries, 1e9, 500, new Set(['wanted']))).toEqual({ expire: [], reap: [], lapse: [], next: null })
})

it('0 disables', () => {
  expect(idlePlan([entry('a'), entry('b', { state: 'warm' })], 1e12, 0, none)).toEqual({ expire: [], reap: [], lapse: [], next: null })
})

it('ends a provisional hold at its own moment, also where nothing else ever ends', () => {
  const lease = (until: number) => ({ holder: 'a', since: 0, provisional: { from: 0, until } })
  const entries = [
    entry('due', { leases: [lease(60), { holder: 'b', since: 0 }] }),
    entry('later', { leases: [lease(90)] }),
    entry('firm'),
  ]
  expect(idlePlan(entries, 70, 0, none)).toEqual({ expire: [], reap: [], lapse: ['due'], next: 90 })
  expect(idlePlan(entries, 70, 0, new Set(['due'])).lapse).toEqual([])
})
