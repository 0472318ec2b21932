import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EngineEvent } from '../../../main/backends/backend.ts'
import type { DockerBackend } from '../../../main/backends/docker/docker-backend.ts'
import { openDocker } from '../../../main/backends/docker/docker-backend.ts'
import { liteFiles } from '../../../main/backends/docker/image/lite-build.ts'
import { sandboxNetworkName } from '../../../main/backends/docker/network.ts'
import { systemClock, type Clock } from '../../../main/base/clock.ts'
import { resources } from '../../../main/base/resources.ts'
import { BerthError } from '../../../shared/errors.ts'
import { newSpec } from '../../support/backend-subject.ts'
import { ownEngine, type OwnEngine } from '../../support/own-engine.ts'
import { needs } from '../../support/parts.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

const image = 'berthtest-sleeper:1'

needs('docker', 'own-engine', 'root').describe('an engine that goes away and comes back', () => {
  let engine: OwnEngine
  let home: TempDir
  let backend: DockerBackend
  let skew = 0
  const clock: Clock = { ...systemClock(), wall: () => Date.now() + skew }
  const spec = () => newSpec('berthtest-outage', image)
  const codeOf = async (work: Promise<unknown>) =>
    work.then(
      () => 'no error',
      (error: unknown) => (error instanceof BerthError ? error.code : String(error)),
    )
  const streamOf = (events: EngineEvent[]) => events.map((event) => event.type).filter((type) => type === 'lost' || type === 'back')

  beforeAll(async () => {
    home = await tempDir('outage')
    engine = await ownEngine()
    backend = await openDocker({
      owner: { installation: 'f0f0f0f0f0f0f0f0', home: home.path },
      version: '0.0.0-test',
      clock,
      env: { DOCKER_HOST: engine.host },
      files: liteFiles(resources()),
    })
  })
  afterAll(async () => {
    await backend?.close()
    await engine?.close()
    await home?.remove()
  })

  it('is missing before it was ever there, and the next step is named', async () => {
    const error = await backend.facts().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ENGINE_MISSING', next: expect.stringContaining('systemctl start docker') })
    const events: EngineEvent[] = []
    const watch = backend.watch((event) => events.push(event))
    await eventually('the outage is told', () => events.length > 0)
    expect(watch.healthy()).toBe(false)
    await engine.start()
    await engine.importSleeper(image)
    await eventually('it is heard', () => watch.healthy())
    expect(streamOf(events)).toEqual(['lost', 'back'])
    watch.close()
    expect(await backend.facts()).toMatchObject({ name: 'Docker' })
  })

  it('killed and started: told once each way, unknown meanwhile, and what is there is found again', async () => {
    const events: EngineEvent[] = []
    const watch = backend.watch((event) => events.push(event))
    await eventually('it is heard', () => watch.healthy())
    const made = await backend.create(spec(), new AbortController().signal)
    await engine.kill()
    await eventually('the loss is told', () => streamOf(events).includes('lost'), { within: 5_000 })
    expect(watch.healthy()).toBe(false)
    expect(await codeOf(backend.list())).toBe('ENGINE_UNREACHABLE')
    expect(await codeOf(backend.inspect(made.name))).toBe('ENGINE_UNREACHABLE')
    expect(await codeOf(backend.remove(made.ref, 1))).toBe('ENGINE_UNREACHABLE')
    expect(await codeOf(backend.create(spec(), new AbortController().signal))).toBe('ENGINE_UNREACHABLE')
    await engine.start()
    await eventually('it is heard again', () => watch.healthy())
    expect(streamOf(events)).toEqual(['back', 'lost', 'back'])
    expect((await backend.list()).map((found) => found.ref)).toEqual([made.ref])
    await backend.remove(made.ref, 0)
    await eventually('the removal is told', () => events.some((event) => event.type === 'destroy'))
    watch.close()
  })

  it('frozen: not healthy, calls end by their deadline, and it goes on when it thaws', async () => {
    const events: EngineEvent[] = []
    const watch = backend.watch((event) => events.push(event))
    await eventually('it is heard', () => watch.healthy())
    engine.freeze(true)
    try {
      const started = clock.now()
      expect(await codeOf(backend.facts())).toBe('ENGINE_UNREACHABLE')
      expect(clock.now() - started).toBeLessThan(20_000)
      await eventually('it is not healthy', () => !watch.healthy())
      await eventually('the loss is told', () => streamOf(events).at(-1) === 'lost')
    } finally {
      engine.freeze(false)
    }
    await eventually('it is heard again', () => watch.healthy())
    expect(streamOf(events)).toEqual(['back', 'lost', 'back'])
    watch.close()
  })

  it('a jump of the clock makes it doubtful: the stream is made anew', async () => {
    const events: EngineEvent[] = []
    const watch = backend.watch((event) => events.push(event))
    await eventually('it is heard', () => watch.healthy())
    skew += 3_600_000
    expect(watch.healthy()).toBe(false)
    await eventually('it is heard again', () => watch.healthy())
    expect(streamOf(events)).toEqual(['back', 'lost', 'back'])
    watch.close()
  })

  it('killed while it creates: an error that says unknown, and whatever is left carries our labels', async () => {
    for (const delay of [0, 30, 120]) {
      const wanted = [spec(), spec(), spec()]
      const creating = wanted.map((one) => codeOf(backend.create(one, new AbortController().signal)))
      await clock.sleep(delay)
      await engine.kill()
      for (const code of await Promise.all(creating)) expect(['ENGINE_UNREACHABLE', 'no error']).toContain(code)
      await engine.start()
      const all = await engine.docker.listContainers({ all: true })
      const listed = await backend.list()
      expect(listed.map((found) => found.ref).toSorted()).toEqual(all.map((row) => row.Id).toSorted())
      for (const found of listed) {
        expect(wanted.map((one) => one.name)).toContain(found.name)
        await backend.remove(found.ref, 0)
      }
      expect(await backend.list()).toEqual([])
    }
  })

  it('makes its network again when somebody removed it, however many want it at once', async () => {
    const others = await Promise.all(
      [1, 2].map(() =>
        openDocker({
          owner: { installation: 'f0f0f0f0f0f0f0f0', home: home.path },
          version: '0.0.0-test',
          clock,
          env: { DOCKER_HOST: engine.host },
          files: liteFiles(resources()),
        }),
      ),
    )
    try {
      for (let round = 0; round < 3; round++) {
        const first = await Promise.all([backend, ...others].map((one) => one.create(spec(), new AbortController().signal)))
        await Promise.all(first.map((found) => backend.remove(found.ref, 0)))
        for (const network of await engine.docker.listNetworks({ filters: { name: [sandboxNetworkName] } })) await engine.docker.getNetwork(network.Id).remove()
        const made = await Promise.all([backend, backend, ...others, ...others].map((one) => one.create(spec(), new AbortController().signal)))
        expect(made.map((found) => found.state)).toEqual(made.map(() => 'running'))
        expect(await engine.docker.listNetworks({ filters: { name: [sandboxNetworkName] } })).toHaveLength(1)
        await Promise.all(made.map((found) => backend.remove(found.ref, 0)))
      }
    } finally {
      await Promise.all(others.map((one) => one.close()))
    }
  })
})
