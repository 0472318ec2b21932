import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { expect, it } from 'vitest'
import { contend } from '../../support/contender.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { within } from '../../support/wait.ts'
import { removeOfHome } from './with-house.ts'

needs('docker', 'lite-image').describe('D8: a process that closes takes nothing from the others', () => {
  it('the first of two on one home closes: the sandbox of the second lives on, the same container', async () => {
    const home = await tempDir('d08')
    await writeFile(join(home.path, 'config.yaml'), `backend: docker\nspares: 0\nsandbox:\n  container_prefix: bt${randomBytes(4).toString('hex')}\n`)
    const docker = new Docker()
    const ours = () => docker.listContainers({ all: true, filters: { label: [`berth.home=${home.path}`] } })
    const first = contend(home.path, 'one')
    const all = [first]
    try {
      expect(await first.next()).toMatchObject({ role: 'engine' })
      const second = contend(home.path, 'two')
      all.push(second)
      const held = await second.next()
      expect(held).toMatchObject({ role: 'guest' })
      const closed = new Promise<void>((resolve) => void first.child.once('exit', () => resolve()))
      first.child.stdin?.write('close\n')
      await within(30_000, 'the close of the first', closed)

      expect((await ours()).map(({ Id, State }) => ({ Id, State }))).toEqual([{ Id: held.container, State: 'running' }])
      expect(await second.ask('acquire')).toMatchObject({ role: 'engine', container: held.container, was_replaced: false })
      expect(await second.ask('exec echo works')).toMatchObject({ stdout: 'works\n' })
    } finally {
      await Promise.all(all.map((one) => one.kill()))
      await removeOfHome(docker, home.path)
      await home.remove()
    }
  })
})
