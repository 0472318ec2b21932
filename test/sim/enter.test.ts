import { beforeEach, expect, it } from 'vitest'
import type { Visit } from '../../main/core/provider-api.ts'
import { seeded } from '../support/seeded.ts'
import { simTime, type SimTime } from '../support/sim-clock.ts'
import { simWorld, type SimWorld } from '../support/sim-engine.ts'
import { simDisk } from '../support/sim-disk.ts'
import type { Settings } from './actions.ts'
import { openHouse, type House } from './house.ts'

/** Seconds. */
const idle = 100
const settings: Settings = { idle, pauseAfter: 0, spares: 0, replicas: 1, mode: 'soft', acquireTimeout: 10, grace: 1, uptime: true, faultRate: 0, faults: null }
const signal = new AbortController().signal

let time: SimTime
let world: SimWorld
let house: House
let id: string

const life = (name: string) =>
  openHouse(world, simDisk(), seeded(name.length), { settings, name, version: () => 1, removing: () => undefined, heard: () => undefined })

beforeEach(async () => {
  time = simTime(seeded(7))
  world = simWorld(time, seeded(8))
  house = life('first')
  id = (await during(house.provider.acquire({ user: 'default', thread: 't', holder: 'h' }))).id
})

/** Simulated time goes on until this has settled. */
async function during<T>(work: Promise<T>): Promise<T> {
  let settled = false
  const end = (): void => {
    settled = true
  }
  work.then(end, end)
  await time.runUntil(() => settled, 60_000)
  return await work
}

const enter = (counts = true): Promise<Visit> => during(house.provider.enter(id, { counts, signal }))
const status = () => house.provider.list().sandboxes.find((it) => it.id === id)?.status ?? 'gone'
const seconds = (n: number) => time.advance(n * 1000)

it('a call counts for as long as it takes, and the sandbox idles from its end', async () => {
  const visit = await enter()
  await seconds(idle * 5)
  expect(status()).toBe('active')
  visit.leave()
  visit.leave()
  await seconds(idle * 0.9)
  expect(status()).toBe('active')
  await seconds(idle * 0.3)
  expect(status()).toBe('warm')
})

it('a stream counts while bytes flow, and for idle_timeout after the last of them', async () => {
  const visit = await enter()
  visit.streaming()
  for (let n = 0; n < 10; n += 1) {
    await seconds(idle * 0.6)
    visit.touch()
    expect(status()).toBe('active')
  }
  await seconds(idle * 0.9)
  expect(status()).toBe('active')
  // Its last byte was the last activity, not the moment at which it stopped to count.
  await seconds(idle * 0.3)
  expect(status()).toBe('warm')
  await seconds(idle * 1.1)
  expect(status()).toBe('gone')
})

it('a silent stream counts again with its next byte', async () => {
  const visit = await enter()
  visit.streaming()
  await seconds(idle * 1.2)
  expect(status()).toBe('warm')
  for (let n = 0; n < 3; n += 1) {
    visit.touch()
    await seconds(idle * 0.9)
    expect(status()).toBe('warm')
  }
  visit.leave()
  visit.touch()
  await seconds(idle * 1.3)
  expect(status()).toBe('gone')
})

it('a probe counts for nothing', async () => {
  for (let n = 0; n < 4; n += 1) {
    const visit = await enter(false)
    visit.streaming()
    visit.touch()
    await seconds(idle * 0.4)
    visit.leave()
  }
  expect(status()).toBe('warm')
})

it('a sandbox is never evicted from under a client, warm or not', async () => {
  const visit = await enter()
  await during(house.provider.release({ id, user: 'default' }, 'h'))
  await during(house.provider.acquire({ user: 'default', thread: 'other', holder: 'h' }))
  await seconds(5)
  expect(status()).toBe('warm')
  visit.leave()
  await during(house.provider.acquire({ user: 'default', thread: 'third', holder: 'h' }))
  await seconds(5)
  expect(status()).toBe('gone')
})

it('a client inside is told when its container ends; what comes later is refused', async () => {
  const visit = await enter()
  world.die(house.provider.get({ id, user: 'default' }).container ?? '', 137, 'outsider')
  await seconds(2)
  expect(visit.lost.aborted).toBe(true)
  expect(visit.lost.reason).toMatchObject({ code: 'SANDBOX_LOST' })
  visit.touch()
  visit.leave()
  await expect(enter()).rejects.toMatchObject({ code: 'SANDBOX_LOST' })
  await expect(during(house.provider.enter('f'.repeat(16), { counts: true, signal }))).rejects.toMatchObject({ code: 'SANDBOX_NOT_FOUND' })
})

it('after a restart it waits for the first look at the engine, and for what is found there', async () => {
  house.process.kill()
  const next = life('second')
  const visit = await during(next.provider.enter(id, { counts: true, signal }))
  expect(visit.lost.aborted).toBe(false)
  visit.leave()
})
