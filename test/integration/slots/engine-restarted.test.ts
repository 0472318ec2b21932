import { readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDocker } from '../../../main/backends/docker/docker-backend.ts'
import { liteFiles } from '../../../main/backends/docker/image/lite-recipe.ts'
import { systemClock } from '../../../main/clock.ts'
import { resources } from '../../../main/resources.ts'
import { contend } from '../../support/contender.ts'
import { ownEngine } from '../../support/own-engine.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

async function liteReference(): Promise<string> {
  const shared = await openDocker({ owner: { installation: '0'.repeat(16), home: tmpdir() }, version: 'test', clock: systemClock(), env: {}, files: liteFiles(resources()) })
  try {
    return await shared.store.reference('berth-lite')
  } finally {
    await shared.close()
  }
}

needs('docker', 'lite-image', 'own-engine', 'root').describe('slots, when the container engine is restarted', () => {
  it('a claimed sandbox and the spare end with it; the thread has exactly its files in the next, and nothing is left', { timeout: 300_000 }, async () => {
    const engine = await ownEngine()
    const home = await tempDir('restarted')
    const slots = () => engine.docker.listContainers({ all: true, filters: { label: ['berth.slot'] } })
    const running = async () => (await slots()).filter(({ State }) => State === 'running').length
    await engine.start()
    await engine.copyImage(await liteReference())
    await writeFile(join(home.path, 'config.yaml'), 'backend: docker\nspares: 1\nsandbox:\n  container_prefix: btown\n')
    // Two processes on one home: one is the engine, the other asks it.
    const first = contend(home.path, 'one', { within: engine.inside, env: { DOCKER_HOST: engine.host } })
    let second: ReturnType<typeof contend> | null = null
    try {
      await first.next()
      await eventually('a spare', async () => (await running()) >= 1, { within: 60_000 })
      await new Promise((resolve) => setTimeout(resolve, 2000))
      second = contend(home.path, 'two', { within: engine.inside, env: { DOCKER_HOST: engine.host } })
      expect(await second.next()).toMatchObject({ role: 'guest' })
      for (const [who, thread] of [[first, 'one'], [second, 'two']] as const) await who.ask(`exec echo ${thread} > /mnt/user-data/workspace/a`)
      expect((await engine.docker.listContainers({ filters: { name: ['btown-'] } })).filter(({ Labels }) => Labels['berth.slot'] !== undefined && !Labels['berth.thread']).length).toBeGreaterThanOrEqual(1)
      await engine.stop()
      await engine.start()
      for (const [who, thread] of [[first, 'one'], [second, 'two']] as const) {
        expect(await who.ask('acquire')).toMatchObject({ was_replaced: true })
        expect(await who.ask('exec cat /mnt/user-data/workspace/*')).toMatchObject({ stdout: `${thread}\n` })
      }
      await eventually('no more slots than sandboxes and one spare', async () => (await readdir(join(home.path, 'slots'))).length <= 3 && (await slots()).every(({ State }) => State === 'running'), { within: 60_000 })
    } finally {
      await second?.kill()
      await first.kill()
      await engine.close()
      await home.remove()
    }
  })
})
