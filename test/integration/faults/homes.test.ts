import { cp, mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { expect, it } from 'vitest'
import type { Backend } from '../../../main/backends/backend.ts'
import { startEngine } from '../../../main/engine/engine.ts'
import { openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'

const open = (homeDir: string, decorate?: (backend: Backend) => Backend) => startEngine({ homeDir, env: process.env, log: () => undefined, decorate })

needs('docker', 'lite-image').describe('a home that is not where it was', () => {
  it("copied: the copy never takes the original's sandbox, and says whose the name is", async () => {
    const original = await openHouse({ config: 'on_exit: keep\n' })
    const elsewhere = await tempDir('copied')
    try {
      const got = await original.engine.call('acquire', { thread: 'demo' })
      await cp(original.home, join(elsewhere.path, 'home'), { recursive: true })
      // The copy knows the original's ports as its own; it may not attach to what answers for another directory.
      const { port, sandbox_port } = JSON.parse(await readFile(join(original.home, 'bridge.json'), 'utf8')) as { port: number; sandbox_port: number }
      const asked: string[] = []
      const copied = await open(join(elsewhere.path, 'home'), (backend) => ({
        ...backend,
        prepared: (image) => {
          asked.push(image)
          return backend.prepared(image)
        },
      })).catch((error: unknown) => error)
      // A start that fails prepares nothing: a service manager may repeat it for ever.
      expect(asked).toEqual([])
      expect(copied).toMatchObject({ code: 'PORT_TAKEN', message: expect.stringMatching(new RegExp(`${port}|${sandbox_port}`)) })
      expect((await original.docker.getContainer(got.container ?? '').inspect()).State.Running).toBe(true)
    } finally {
      await original.close()
      await elsewhere.remove()
    }
  })

  it('moved: what ran under the old path is not touched, the name is refused with the reason, files are there', async () => {
    const first = await openHouse({ config: 'on_exit: keep\n' })
    const elsewhere = await tempDir('moved')
    const docker = new Docker()
    try {
      const got = await first.engine.call('acquire', { thread: 'demo' })
      await first.engine.call('write', { thread: 'demo', path: '/mnt/user-data/workspace/a', content: 'kept' })
      await first.engine.close()
      await mkdir(elsewhere.path, { recursive: true })
      const home = join(elsewhere.path, 'home')
      await rename(first.home, home)
      const moved = await open(home)
      try {
        await expect(moved.call('acquire', { thread: 'demo' })).rejects.toMatchObject({ code: 'NAME_TAKEN', message: expect.stringContaining('home') })
        await docker.getContainer(got.container ?? '').remove({ force: true })
        await moved.call('acquire', { thread: 'demo' })
        expect(await moved.call('read', { thread: 'demo', path: '/mnt/user-data/workspace/a' })).toMatchObject({ content: 'kept' })
        await moved.call('destroy', { thread: 'demo' })
      } finally {
        await moved.close()
      }
    } finally {
      await first.close()
      for (const { Id } of await docker.listContainers({ all: true, filters: { label: [`berth.home=${join(elsewhere.path, 'home')}`] } }))
        await docker.getContainer(Id).remove({ force: true })
      await elsewhere.remove()
    }
  })
})
