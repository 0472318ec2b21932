import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { expect, it } from 'vitest'
import { connect } from '../../../main/doors/client/client.ts'
import { needs } from '../../support/parts.ts'
import { start } from '../../support/spawn-command.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { variantImage } from '../../support/variant-image.ts'
import { eventually, within } from '../../support/wait.ts'
import { removeOfHome } from './with-house.ts'

needs('docker', 'lite-image').describe('D10: SIGTERM while acquires are in flight', () => {
  it('ends `berth serve` soon, though none of them would ever have ended; no container is left', async () => {
    const home = await tempDir('d10')
    const image = await variantImage(() => 'exec sleep 600')
    const docker = new Docker()
    const ours = () => docker.listContainers({ all: true, filters: { label: [`berth.home=${home.path}`] } })
    await writeFile(
      join(home.path, 'config.yaml'),
      `backend: docker\nspares: 0\nready_timeout: 600\nsandbox:\n  container_prefix: bt${randomBytes(4).toString('hex')}\n  image: ${image.name}\n`,
    )
    const served = start('bin/berth.mjs', ['serve', '--json', '--home', home.path])
    try {
      await eventually('it serves', () => served.stdout().includes('"url"'))
      const client = await connect(home.path)
      const waiting = ['a', 'b', 'c', 'd'].map((thread) =>
        client.call('acquire', { thread }).then(
          () => 'made',
          (error: { code: string }) => error.code,
        ),
      )
      await eventually('four are being made', async () => (await ours()).length === 4)

      served.child.kill('SIGTERM')
      expect(await within(20_000, 'the end of berth serve', served.ended)).toMatchObject({ code: 0 })
      for (const code of await Promise.all(waiting)) expect(['SHUTTING_DOWN', 'NOT_RUNNING']).toContain(code)
      expect(await ours()).toEqual([])
      client.close()
    } finally {
      served.child.kill('SIGKILL')
      await served.ended
      await removeOfHome(docker, home.path)
      await image.remove()
      await home.remove()
    }
  })
})
