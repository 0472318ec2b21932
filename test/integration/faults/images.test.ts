import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import Docker from 'dockerode'
import { pack } from 'tar-stream'
import { expect, it } from 'vitest'
import { openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'

/** An image FROM the lite one with another way to start; gone after `use`. */
async function withImage(name: string, dockerfile: string, use: () => Promise<void>): Promise<void> {
  const docker = new Docker()
  const context = pack()
  context.entry({ name: 'Dockerfile' }, `FROM berth-lite:latest\n${dockerfile}\n`)
  context.finalize()
  const building = await docker.buildImage(Readable.from(context), { t: name })
  for await (const line of building as AsyncIterable<Buffer>) if (String(line).includes('"error"')) throw new Error(String(line))
  try {
    await use()
  } finally {
    await docker
      .getImage(name)
      .remove({ force: true })
      .catch((error: { statusCode?: number }) => {
        if (error.statusCode !== 404) throw error
      })
  }
}

needs('docker', 'lite-image').describe('images at fault', () => {
  it('one that cannot be had: named, with the next step, and no container', async () => {
    const house = await openHouse({ sandbox: { image: '127.0.0.1:1/absent:1' } })
    try {
      await expect(house.engine.call('acquire', { thread: 'a' })).rejects.toMatchObject({
        code: 'IMAGE_PULL_FAILED',
        message: expect.stringContaining('absent'),
        next: expect.any(String),
      })
      expect(await house.containers()).toEqual([])
    } finally {
      await house.close()
    }
  })

  it('one that never gets ready: NOT_READY after ready_timeout, and no container', async () => {
    await withImage('bt-never-ready:1', 'ENTRYPOINT ["sleep", "600"]', async () => {
      const house = await openHouse({ sandbox: { image: 'bt-never-ready:1' }, config: 'ready_timeout: 2\n' })
      try {
        await expect(house.engine.call('acquire', { thread: 'a' })).rejects.toMatchObject({ code: 'NOT_READY', next: expect.stringContaining('ready_timeout') })
        expect(await house.containers()).toEqual([])
        expect(await house.engine.call('get', { thread: 'a' })).toMatchObject({ status: 'failed', error: { code: 'NOT_READY' } })
        expect(await house.engine.call('dismiss', { thread: 'a' })).toEqual({ dismissed: true })
        await expect(house.engine.call('get', { thread: 'a' })).rejects.toMatchObject({ code: 'SANDBOX_NOT_FOUND' })
      } finally {
        await house.close()
      }
    })
  })

  it('one whose entrypoint exits: noticed at once, long before ready_timeout, with its last lines', async () => {
    await withImage('bt-exits:1', 'ENTRYPOINT ["bash", "-c", "sleep 0.5; echo out of luck >&2; exit 7"]', async () => {
      const house = await openHouse({ sandbox: { image: 'bt-exits:1' }, config: 'ready_timeout: 600\n' })
      try {
        const failure = house.engine.call('acquire', { thread: 'a' })
        await expect(failure).rejects.toMatchObject({
          code: 'START_FAILED',
          message: expect.stringContaining('out of luck'),
          details: { log: expect.arrayContaining(['out of luck']) },
        })
        expect(await house.containers()).toEqual([])
      } finally {
        await house.close()
      }
    })
  })

  it('one that is deleted under a running Berth is pulled again, not taken for there', async () => {
    await withImage('bt-deleted:1', 'LABEL bt=1', async () => {
      const house = await openHouse({ sandbox: { image: 'bt-deleted:1' } })
      try {
        await house.engine.call('acquire', { thread: 'a' })
        await house.engine.call('destroy', { thread: 'a' })
        await house.docker.getImage('bt-deleted:1').remove({ force: true })
        // Nobody has it for a pull either: what counts is that it was asked for, and said so.
        await expect(house.engine.call('acquire', { thread: 'a' })).rejects.toMatchObject({ code: 'IMAGE_PULL_FAILED' })
        expect(await house.containers()).toEqual([])
      } finally {
        await house.close()
      }
    })
  })

  it('a missing mount is an error before any container exists', async () => {
    const house = await openHouse()
    try {
      await writeFile(
        join(house.home, 'config.yaml'),
        `backend: docker\nspares: 0\nsandbox:\n  container_prefix: ${house.prefix}\n  mounts: [{ host_path: /no/such/dir, container_path: /mnt/x }]\n`,
      )
      const again = await house.reopen()
      await expect(again.engine.call('acquire', { thread: 'a' })).rejects.toMatchObject({
        code: 'MOUNT_MISSING',
        message: expect.stringContaining('/no/such/dir'),
      })
      expect(await again.containers()).toEqual([])
      await again.close()
    } finally {
      await house.close()
    }
  })
})
