import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { errorCodes } from '../../../shared/errors.ts'
import { contend, type Contender } from '../../support/contender.ts'
import { removeNow } from '../../support/leftover-containers.ts'
import { ownEngine, type OwnEngine } from '../../support/own-engine.ts'
import { needs } from '../../support/parts.ts'
import { shiftedClocks, type ShiftedClocks } from '../../support/shifted-clocks.ts'
import { spawnEngine, type SpawnedEngine } from '../../support/spawn-engine.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { liteReference } from '../../support/variant-image.ts'
import { eventually } from '../../support/wait.ts'

/** Longer than Berth believes the last answer of a ping, and than it takes for a gap. `npm run chaos` makes it a minute. */
const pauseSeconds = Number(process.env['BERTH_CHAOS_PAUSE'] ?? 7)
/**
 * A minute is longer than this, but not than twice this: then a hold has lapsed of whose holder nothing is heard, and what it held is
 * not reaped yet. A few seconds are not: a busy machine takes as long for the rest of a test.
 */
const idleSeconds = pauseSeconds >= 60 ? Math.round(pauseSeconds * 0.75) : 600
const hour = 3_600_000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A home with its Berth, in a process of its own beside the test's container engine. */
interface Place {
  readonly home: string
  readonly clocks: ShiftedClocks
  start(): Promise<SpawnedEngine>
  /** A process that wants to be this home's engine, or its guest. */
  contend(thread: string): Contender
  /** Its containers: by id, with whether they run. */
  containers(): Promise<ReadonlyMap<string, string>>
}

const calling = (berth: SpawnedEngine, thread: string) => ({
  acquire: () => berth.call('acquire', { thread, holder: 'me' }),
  run: async (command: string) => (await berth.call('exec', { thread, command })).stdout.trim(),
  get: () => berth.call('get', { thread }),
})

needs('docker', 'lite-image', 'own-engine', 'root').describe('a container engine of which anything may be expected', () => {
  let engine: OwnEngine
  const undo: (() => Promise<void>)[] = []
  let places = 0

  beforeAll(async () => {
    engine = await ownEngine()
    await engine.start()
    await engine.copyImage(await liteReference())
  })
  afterEach(async () => {
    engine.freeze(false)
    for (const step of undo.splice(0).toReversed()) await step()
  })
  afterAll(() => engine?.close())

  async function place(spares: number): Promise<Place> {
    const dir = await tempDir('faults')
    undo.push(dir.remove)
    const prefix = `btown${(places += 1)}`
    await writeFile(
      join(dir.path, 'config.yaml'),
      `backend: docker\nspares: ${spares}\nstop_grace: 1\nidle_timeout: ${idleSeconds}\nsandbox:\n  container_prefix: ${prefix}\n`,
    )
    const clocks = shiftedClocks(dir.path)
    const ours = () => engine.docker.listContainers({ all: true, filters: { label: [`berth.home=${dir.path}`] } })
    undo.push(async () => {
      for (const { Id } of await ours()) await removeNow(engine.docker, Id)
    })
    const there = { within: engine.inside, env: { DOCKER_HOST: engine.host } }
    const ending = (it: { kill(): Promise<void> }) => void undo.push(() => it.kill())
    return {
      home: dir.path,
      clocks,
      async start() {
        const berth = await spawnEngine(dir.path, { ...there, clocks })
        ending(berth)
        return berth
      },
      contend(thread) {
        const it = contend(dir.path, thread, there)
        ending(it)
        return it
      },
      containers: async () => new Map((await ours()).map(({ Id, State }) => [Id, State])),
    }
  }

  const spare = (berth: SpawnedEngine) => eventually('a spare is ready', async () => (await berth.call('status', {})).slots.ready === 1, { within: 60_000 })
  const told = async (berth: SpawnedEngine, type: string) => (await berth.call('events', { limit: 1000 })).events.filter((event) => event.type === type).length

  describe('that is stopped', () => {
    it('an acquire waits, then fails with the cause; started: a new sandbox on the same files, and its holder is told', async () => {
      const at = await place(0)
      const berth = at.contend('demo')
      const first = await berth.next()
      expect(first).toMatchObject({ role: 'engine', was_replaced: false })
      await berth.ask('exec echo kept > /mnt/user-data/workspace/a')
      await engine.stop()
      const during = await berth.ask('acquire')
      expect(during).toMatchObject({ error: 'ENGINE_UNREACHABLE', next: expect.stringMatching(/\w+/) })
      await engine.start()
      const after = await berth.ask('acquire')
      expect(after).toMatchObject({ id: first.id, was_replaced: true })
      expect(after.container).not.toBe(first.container)
      expect(await berth.ask('exec cat /mnt/user-data/workspace/a')).toMatchObject({ stdout: 'kept\n' })
      expect([...(await at.containers()).keys()]).toEqual([after.container])

      // Killed in the middle of a create and started again: the acquire outlasts it, and nothing is left over.
      await engine.docker.getContainer(after.container ?? '').remove({ force: true })
      const asked = berth.ask('acquire')
      await eventually('the engine has begun to make one', async () => [...(await at.containers()).keys()].some((id) => id !== after.container), { every: 2 })
      await engine.kill()
      await engine.start()
      const got = await asked
      expect(got.error ?? 'none').toBe('none')
      expect(await berth.ask('exec cat /mnt/user-data/workspace/a')).toMatchObject({ stdout: 'kept\n' })
      expect([...(await at.containers()).keys()]).toEqual([got.container])
    })

    it('a claimed sandbox and the spare end with it; threads of two processes have exactly their files in the next, and nothing is left', async () => {
      const home = await place(1)
      const slots = () => engine.docker.listContainers({ all: true, filters: { label: ['berth.slot'] } })
      const first = home.contend('one')
      await first.next()
      await eventually('a spare', async () => (await slots()).some(({ State }) => State === 'running'), { within: 60_000 })
      const second = home.contend('two')
      expect(await second.next()).toMatchObject({ role: 'guest' })
      for (const [who, thread] of [
        [first, 'one'],
        [second, 'two'],
      ] as const)
        await who.ask(`exec echo ${thread} > /mnt/user-data/workspace/a`)
      await engine.stop()
      await engine.start()
      for (const [who, thread] of [
        [first, 'one'],
        [second, 'two'],
      ] as const) {
        expect(await who.ask('acquire')).toMatchObject({ was_replaced: true })
        expect(await who.ask('exec cat /mnt/user-data/workspace/*')).toMatchObject({ stdout: `${thread}\n` })
      }
      await eventually(
        'no more slots than sandboxes and one spare',
        async () => (await readdir(join(home.home, 'slots'))).length <= 3 && (await slots()).every(({ State }) => State === 'running'),
        { within: 60_000 },
      )
    })
  })

  describe('suspend: Berth and it are stopped for longer than every time-out, and the wall clock jumps', () => {
    for (const [way, wall] of [
      ['forward', hour],
      ['back', -hour],
    ] as const) {
      it(`${way}: no active sandbox is lost, its lease and its lock are as before, and the streams are open again`, async () => {
        const at = await place(1)
        const berth = await at.start()
        const held = calling(berth, 'held')
        const before = await held.acquire()
        await held.run('echo kept > /mnt/user-data/workspace/a; sleep 10000 > /dev/null 2>&1 & echo $! > /tmp/pid')
        // Nothing runs in this one that would speak for it.
        const still = calling(berth, 'still')
        await still.acquire()
        await spare(berth)
        // Heard for the first time, it is not back from anywhere; on a busy machine it may have been lost.
        const backs = await told(berth, 'engine.back')
        expect(backs).toBeLessThanOrEqual(await told(berth, 'engine.lost'))
        const running = await at.containers()
        for (const one of [held, still]) await one.acquire()
        const asked = calling(berth, 'asked').acquire()
        engine.freeze(true)
        berth.suspend(true)
        // Another process comes meanwhile: it waits, as whoever has the lock lives.
        const guest = at.contend('held')
        await pause(pauseSeconds * 1000)
        await rm(join(at.home, 'locks', 'engine.lock'), { recursive: true })
        at.clocks.set({ wall, monotonic: hour })
        engine.freeze(false)
        berth.suspend(false)

        for (const one of [held, still])
          expect(await one.get()).toMatchObject({ status: 'active', replaced: 0, holders: expect.arrayContaining([expect.objectContaining({ holder: 'me' })]) })
        expect((await asked).status).toBe('active')
        expect(await guest.next()).toMatchObject({ role: 'guest', container: before.container })
        for (const one of [held, still]) expect((await one.get()).status).toBe('active')
        expect(await held.acquire()).toMatchObject({ container: before.container, was_replaced: false })
        expect(await held.run('cat /mnt/user-data/workspace/a; kill -0 $(cat /tmp/pid) && echo runs')).toBe('kept\nruns')
        const now = await at.containers()
        for (const id of running.keys()) expect(now.get(id)).toBe('running')
        await eventually('its lock is retaken', async () => (await readdir(join(at.home, 'locks'))).includes('engine.lock'))
        // What happens from now on is heard.
        await eventually('the event stream is open again', async () => (await told(berth, 'engine.back')) === (await told(berth, 'engine.lost')))
        await engine.docker.getContainer(before.container ?? '').kill()
        await eventually('the end of a container is heard', async () => (await told(berth, 'sandbox.lost')) > 0)
        // A crash right after: the lease says whose the other one is.
        await berth.kill()
        const next = await at.start()
        for (const thread of ['asked', 'still']) {
          await eventually(`${thread} is held as before`, async () => (await calling(next, thread).get()).status === 'active')
          expect(await calling(next, thread).acquire()).toMatchObject({ was_replaced: false, path: 'reuse' })
        }
        at.clocks.set({ wall: 0, monotonic: 0 })
      })
    }
  })

  describe('hang: it answers nothing for a while', () => {
    it('calls wait or fail with what may be repeated, sandboxes go on, and nothing is destroyed or handed out twice', async () => {
      const at = await place(1)
      const berth = await at.start()
      const held = calling(berth, 'held')
      const before = await held.acquire()
      await spare(berth)
      const running = await at.containers()
      engine.freeze(true)
      const outcome = (work: Promise<{ container: string | null }>) =>
        work.then(
          ({ container }) => ({ container, code: null }),
          (error: { code: keyof typeof errorCodes }) => ({ container: null, code: error.code }),
        )
      const during = ['one', 'two', 'one'].map((thread) => outcome(calling(berth, thread).acquire()))
      expect(await held.run('echo goes on')).toBe('goes on')
      await pause(pauseSeconds * 1000)
      during.push(outcome(held.acquire()), outcome(calling(berth, 'three').acquire()))
      expect(await held.run('echo goes on')).toBe('goes on')
      engine.freeze(false)
      for (const { code } of await Promise.all(during)) if (code !== null) expect(errorCodes[code].retry, code).toBe(true)
      const got = new Map<string, string | null>()
      for (const thread of ['one', 'two', 'three', 'held']) {
        const again = await eventually(`${thread} can be had`, () => calling(berth, thread).acquire(), { within: 60_000, every: 200 })
        got.set(thread, again.container)
      }
      expect(got.get('held')).toBe(before.container)
      expect(new Set(got.values()).size).toBe(4)
      const first = await Promise.all(during)
      for (const [index, thread] of ['one', 'two', 'one', 'held', 'three'].entries())
        if (first[index]?.code === null) expect(first[index].container, thread).toBe(got.get(thread))
      await spare(berth)
      const now = await at.containers()
      // The spare may be a thread's by now, or have ended with a claim that the engine did not answer; what was made beside that is one spare more, and nothing else.
      expect([...running.keys()]).toContain(before.container)
      expect(now.get(before.container ?? '')).toBe('running')
      await eventually('no container is left over', async () => (await at.containers()).size === 5)
      expect(await told(berth, 'sandbox.lost')).toBe(0)
    })
  })

  describe('machine-restart: it comes back with every container ended', () => {
    for (const order of ['Berth first', 'Berth second'] as const) {
      it(`${order}: each thread has its files in a new sandbox, holders are told, and nothing of before is left`, async () => {
        const at = await place(1)
        const before = await at.start()
        for (const thread of ['one', 'two']) {
          await calling(before, thread).acquire()
          await calling(before, thread).run(`echo ${thread} > /mnt/user-data/workspace/a`)
        }
        await before.call('release', { thread: 'two', holder: 'me' })
        await spare(before)
        const ended = await at.containers()
        await before.kill()
        for (const id of ended.keys()) await engine.docker.getContainer(id).kill()
        await engine.stop()
        // Seconds since boot mean nothing any more.
        for (const id of await readdir(join(at.home, 'leases'))) {
          const file = join(at.home, 'leases', id)
          await writeFile(file, (await readFile(file, 'utf8')).replace(/"boot":"[^"]+","seconds":[\d.]+/, '"boot":"another","seconds":5'))
        }
        if (order === 'Berth second') await engine.start()
        const berth = await at.start()
        const [one, two] = ['one', 'two'].map((thread) => calling(berth, thread)) as [ReturnType<typeof calling>, ReturnType<typeof calling>]
        if (order === 'Berth first') {
          await expect(one.acquire()).rejects.toMatchObject({ code: expect.stringMatching(/^ENGINE_(UNREACHABLE|MISSING)$/) })
          await engine.start()
        }
        const got = await eventually('the first thread can be had', () => one.acquire(), { within: 60_000, every: 200 })
        expect(got.was_replaced).toBe(true)
        expect(await one.run('cat /mnt/user-data/workspace/*')).toBe('one')
        expect((await two.acquire()).was_replaced).toBe(false)
        expect(await two.run('cat /mnt/user-data/workspace/*')).toBe('two')
        await spare(berth)
        await eventually('nothing of before is left', async () => {
          const now = await at.containers()
          return now.size === 3 && [...now].every(([id, state]) => state === 'running' && !ended.has(id)) && (await readdir(join(at.home, 'slots'))).length <= 3
        })
        if (order === 'Berth second') return
        // Closed while it is away: what could not be ended is said, and nothing else is there afterwards. It goes at once: one that goes
        // in an orderly way ends all containers first, and Berth may have them removed before it is gone.
        await engine.kill()
        const left = await berth.close()
        for (const { error } of left) expect(error).toContain('container engine')
        await engine.start()
        const there = await at.containers()
        expect(there.size).toBe(3)
        expect(left).toHaveLength(3)
      })
    }
  })
})
