import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDocker } from '../../../main/backends/docker/docker-backend.ts'
import { liteFiles } from '../../../main/backends/docker/image/lite-recipe.ts'
import { systemClock } from '../../../main/clock.ts'
import { resources } from '../../../main/resources.ts'
import { contend, type Contender } from '../../support/contender.ts'
import { ownEngine, type OwnEngine } from '../../support/own-engine.ts'
import { needs } from '../../support/parts.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

/** The name under which the shared engine has this very version's lite image. */
async function liteReference(): Promise<string> {
  const shared = await openDocker({ owner: { installation: '0'.repeat(16), home: tmpdir() }, version: 'test', clock: systemClock(), env: {}, files: liteFiles(resources()) })
  try {
    return await shared.store.reference('berth-lite')
  } finally {
    await shared.close()
  }
}

needs('docker', 'lite-image', 'own-engine', 'root').describe('a container engine that goes away under a running Berth', () => {
  let engine: OwnEngine
  let home: TempDir
  let berth: Contender
  const containers = () => engine.docker.listContainers({ all: true, filters: { label: ['berth.id'] } })

  beforeAll(async () => {
    engine = await ownEngine()
    await engine.start()
    await engine.copyImage(await liteReference())
    home = await tempDir('restarted')
    await writeFile(join(home.path, 'config.yaml'), 'backend: docker\nsandbox:\n  container_prefix: btown\n')
    berth = contend(home.path, 'demo', { within: engine.inside, env: { DOCKER_HOST: engine.host } })
  })
  afterAll(async () => {
    await berth?.kill()
    await engine?.close()
    await home?.remove()
  })

  it('stopped: an acquire waits, then fails with the cause; started: a new sandbox on the same files, and its holder is told', async () => {
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
    expect(await containers()).toHaveLength(1)
  })

  it('killed in the middle of a create and started again: the acquire outlasts it, and nothing is left over', async () => {
    const before = new Set((await containers()).map(({ Id }) => Id))
    await engine.docker.getContainer([...before][0] ?? '').remove({ force: true })
    const asked = berth.ask('acquire')
    await eventually('the engine has begun to make one', async () => (await containers()).some(({ Id }) => !before.has(Id)), { every: 2 })
    await engine.kill()
    await engine.start()
    const got = await asked
    expect(got.error ?? 'none').toBe('none')
    expect(await berth.ask('exec cat /mnt/user-data/workspace/a')).toMatchObject({ stdout: 'kept\n' })
    expect((await containers()).map(({ Id }) => Id)).toEqual([got.container])
  })
})
