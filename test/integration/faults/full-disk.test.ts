import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterEach, expect, it } from 'vitest'
import { startEngine } from '../../../main/engine/engine.ts'
import type { Engine } from '../../../main/engine/engine-api.ts'
import { removeNow } from '../../support/leftover-containers.ts'
import { keepPorts } from '../../support/kept-ports.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

/** A home on a small disk of its own, with an engine in it. */
interface SmallHome {
  readonly path: string
  readonly engine: Engine
  /** The next engine of this home. */
  reopen(): Promise<Engine>
  /** Takes the last byte and, where it says so, the last inode. */
  fill(what: 'bytes' | 'inodes'): Promise<void>
  makeRoom(): Promise<void>
  /** Names of this home's containers. */
  containers(): Promise<string[]>
  ready(spares: number): Promise<void>
}

const undo: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

async function smallHome(backend: 'docker' | 'embedded', spares: number, config = ''): Promise<SmallHome> {
  const disk = await tempDir('disk')
  undo.push(disk.remove)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,nr_inodes=400,mode=0700', 'tmpfs', disk.path])
  undo.push(async () => void execFileSync('umount', ['-l', disk.path]))
  await writeFile(
    join(disk.path, 'config.yaml'),
    `backend: ${backend}\nspares: ${spares}\nsandbox:\n  container_prefix: btdisk${randomBytes(3).toString('hex')}\n${config}`,
  )
  await keepPorts(disk.path)
  const docker = new Docker()
  const ours = () => docker.listContainers({ all: true, filters: { label: [`berth.home=${disk.path}`] } })
  const open = async () => {
    const engine = await startEngine({ homeDir: disk.path, env: process.env, log: () => undefined })
    undo.push(async () => void (await engine.close()))
    return engine
  }
  undo.push(async () => {
    for (const { Id } of backend === 'docker' ? await ours() : []) await removeNow(docker, Id)
  })
  const engine = await open()
  let n = 0
  const fill = async (size: number) => {
    for (;;) {
      try {
        await writeFile(join(disk.path, `filler-${(n += 1)}`), Buffer.alloc(size))
      } catch {
        return // that was the last of it
      }
    }
  }
  return {
    path: disk.path,
    engine,
    reopen: open,
    async fill(what) {
      if (what === 'inodes') return await fill(0)
      for (const size of [65_536, 4096]) await fill(size)
    },
    async makeRoom() {
      for (const name of await readdir(disk.path)) if (name.startsWith('filler-')) await rm(join(disk.path, name))
    },
    containers: async () => (await ours()).map(({ Names }) => (Names[0] ?? '').slice(1)),
    ready: (count) => eventually(`${count} spares are ready`, async () => (await engine.call('status', {})).slots.ready === count).then(() => undefined),
  }
}

needs('docker', 'lite-image', 'root').describe('a full disk', () => {
  it('reuse and release go on, a new thread gets DISK_FULL, and all is well once there is room', async () => {
    const { engine, fill, makeRoom } = await smallHome('docker', 0)
    await engine.call('acquire', { thread: 'old', holder: 'me' })
    await fill('bytes')
    expect(await engine.call('acquire', { thread: 'old', holder: 'me' })).toMatchObject({ path: 'reuse' })
    expect(await engine.call('release', { thread: 'old', holder: 'me' })).toMatchObject({ released: true })
    expect(await engine.call('acquire', { thread: 'old', holder: 'me' })).toMatchObject({ path: 'warm' })
    await expect(engine.call('acquire', { thread: 'new' })).rejects.toMatchObject({ code: 'DISK_FULL', next: expect.any(String) })
    await makeRoom()
    expect(await engine.call('acquire', { thread: 'new' })).toMatchObject({ status: 'active' })
  })

  it('at a start: Berth says so, what ran is used as before, and a thread that is forgotten makes the room', async () => {
    const { engine, fill, containers, reopen } = await smallHome('docker', 0, 'on_exit: keep\n')
    const { container } = await engine.call('acquire', { thread: 'held', holder: 'me' })
    await engine.call('acquire', { thread: 'large', holder: 'me' })
    await engine.call('write', { thread: 'large', path: '/mnt/user-data/workspace/a', content: 'x'.repeat(200_000) })
    await engine.call('destroy', { thread: 'large' })
    await engine.close()
    await fill('bytes')
    const next = await reopen()
    expect((await next.call('status', {})).warnings).toContainEqual(expect.stringContaining('full'))
    expect(await next.call('acquire', { thread: 'held', holder: 'me' })).toMatchObject({ container, was_replaced: false })
    expect((await next.call('exec', { thread: 'held', command: 'echo works' })).stdout).toBe('works\n')
    await expect(next.call('acquire', { thread: 'new' })).rejects.toMatchObject({ code: 'DISK_FULL', next: expect.stringContaining('deleted') })
    expect(await next.call('forget', { thread: 'large', confirm: 'large' })).toMatchObject({ deleted: true })
    expect(await next.call('acquire', { thread: 'new' })).toMatchObject({ status: 'active' })
    expect(await containers()).toHaveLength(2)
  })
})

needs('docker', 'lite-image', 'bubblewrap', 'root').describe('ending something on a full disk', () => {
  for (const [backend, what] of [
    ['docker', 'bytes'],
    ['docker', 'inodes'],
    ['embedded', 'bytes'],
  ] as const) {
    it(`needs no room: ${backend}, no ${what} left`, async () => {
      const { path, engine, fill, containers, ready } = await smallHome(backend, 1)
      const holder = 'me'
      await engine.call('acquire', { thread: 'held', holder })
      await engine.call('acquire', { thread: 'done', holder })
      const { id } = await engine.call('acquire', { holder })
      await ready(1)
      await fill(what)
      expect(await engine.call('release', { thread: 'held', holder })).toMatchObject({ released: true })
      // As with a kill now: it would be found warm, not held.
      expect(await readdir(join(path, 'leases'))).not.toContain((await engine.call('get', { thread: 'held' })).id)
      expect(await engine.call('destroy', { thread: 'done' })).toEqual({ destroyed: true })
      expect(await engine.call('destroy', { id })).toEqual({ destroyed: true })
      expect(await engine.call('forget', { thread: 'done', confirm: 'done' })).toMatchObject({ deleted: true })
      await fill(what)
      // The spares and `held` end with the engine.
      expect(await engine.close()).toEqual([])
      if (backend === 'docker') expect(await containers()).toEqual([])
      expect(await readdir(join(path, 'slots'))).toEqual([])
    })
  }
})
