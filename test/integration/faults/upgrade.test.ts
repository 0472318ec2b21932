import { randomBytes } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterEach, expect, it } from 'vitest'
import { connect } from '../../../main/doors/client/client.ts'
import { startEngine } from '../../../main/engine/engine.ts'
import { version } from '../../../main/base/version.ts'
import { removeNow } from '../../support/leftover-containers.ts'
import { keepPorts } from '../../support/kept-ports.ts'
import { olderBerth } from '../../support/older-berth.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { liteReference } from '../../support/variant-image.ts'
import { eventually } from '../../support/wait.ts'

const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

async function home(backend: 'docker' | 'embedded', spares: number): Promise<string> {
  const dir = await tempDir('upgrade')
  undo.push(dir.remove)
  await writeFile(
    join(dir.path, 'config.yaml'),
    `backend: ${backend}\nspares: ${spares}\nstop_grace: 1\nsandbox:\n  container_prefix: btup${randomBytes(3).toString('hex')}\n`,
  )
  await keepPorts(dir.path)
  return dir.path
}

async function older() {
  const dir = await tempDir('older')
  undo.push(dir.remove)
  return await olderBerth(dir.path, process.env['BERTH_CHAOS_OLDER'])
}

async function newer(homeDir: string) {
  const engine = await startEngine({ homeDir, env: process.env, log: () => undefined })
  undo.push(() => engine.close())
  return engine
}

needs('docker', 'lite-image').describe('upgrade: a newer Berth on the home of an older one that was killed', () => {
  it('active sandboxes go on, warm ones and spares are replaced, and nothing is stranded', async () => {
    const docker = new Docker()
    const homeDir = await home('docker', 1)
    const containers = () => docker.listContainers({ all: true, filters: { label: [`berth.home=${homeDir}`] } })
    const image = await liteReference()
    const before = await older()
    let theirs: string | null = null
    undo.push(async () => {
      for (const { Id } of await containers()) await removeNow(docker, Id)
      // For people and for other suites the name is that of the newer one again.
      await docker.getImage(image).tag({ repo: 'berth-lite', tag: 'latest' })
      if (theirs !== null && theirs !== (await docker.getImage(image).inspect()).Id) await docker.getImage(theirs).remove({ force: true })
    })

    const old = await before.serve(homeDir)
    undo.push(old.kill)
    const holder = 'agent'
    const active = await old.call('acquire', { thread: 'active', holder })
    await old.call('exec', { thread: 'active', command: 'echo active > /mnt/user-data/workspace/a; sleep 10000 > /dev/null 2>&1 & echo $! > /tmp/pid' })
    const warm = await old.call('acquire', { thread: 'warm', holder })
    await old.call('write', { thread: 'warm', path: '/mnt/user-data/workspace/a', content: 'warm\n' })
    await old.call('release', { thread: 'warm', holder })
    await eventually('a spare of the older one is ready', async () => (await old.call('status', {})).slots.ready === 1, { within: 60_000 })
    theirs = (await docker.getContainer(active.container ?? '').inspect()).Image
    const of = new Map((await containers()).map(({ Id, Labels }) => [Id, Labels['berth.version']]))
    expect([...of.values()]).toEqual([before.version, before.version, before.version])

    // Beside the older one the newer does nothing to the home, and says why.
    await expect(connect(homeDir)).rejects.toMatchObject({ code: 'CONTRACT_MISMATCH', next: expect.any(String) })
    await expect(startEngine({ homeDir, env: process.env, log: () => undefined })).rejects.toMatchObject({ code: 'CONTRACT_MISMATCH' })
    expect((await containers()).map(({ Id }) => Id).sort()).toEqual([...of.keys()].sort())
    await old.kill()

    const engine = await newer(homeDir)
    const run = async (thread: string, command: string) => (await engine.call('exec', { thread, command })).stdout
    expect(await engine.call('acquire', { thread: 'active', holder })).toMatchObject({ container: active.container, was_replaced: false })
    expect(await run('active', 'cat /mnt/user-data/workspace/a; kill -0 $(cat /tmp/pid) && echo runs')).toBe('active\nruns\n')
    // Through every door of the older server that the newer engine uses.
    await engine.call('write', { thread: 'active', path: '/mnt/user-data/workspace/b', content: 'new' })
    expect(await engine.call('read', { thread: 'active', path: '/mnt/user-data/workspace/b' })).toMatchObject({ content: 'new' })
    expect((await engine.call('files', { thread: 'active' })).files.map(({ name }) => name).sort()).toEqual(['a', 'b'])
    const replaced = await engine.call('acquire', { thread: 'warm', holder })
    expect(replaced.container).not.toBe(warm.container)
    expect(await run('warm', 'cat /mnt/user-data/workspace/a')).toBe('warm\n')
    await eventually(
      'the older spare is gone, and there is a newer one',
      async () => {
        const now = (await containers()).map(({ Id, Labels, State }) => [Id === active.container ? 'active' : Labels['berth.version'], State].join())
        return now.sort().join(' ') === [`${version},running`, `${version},running`, 'active,running'].join(' ')
      },
      { within: 60_000 },
    )
    // It runs before it answers, and on a busy machine nobody waits that long for it.
    await eventually('the newer one is ready', async () => (await engine.call('status', {})).slots.ready === 1, { within: 60_000 })
    expect(await engine.call('acquire', { thread: 'new', holder })).toMatchObject({ path: 'slot' })
    // Once nobody holds it, it is as old as any other.
    await engine.call('release', { thread: 'active', holder })
    expect((await engine.call('acquire', { thread: 'active', holder })).container).not.toBe(active.container)
    expect(await run('active', 'cat /mnt/user-data/workspace/a')).toBe('active\n')
    expect(await engine.close()).toEqual([])
    expect(await containers()).toEqual([])
    expect(await readdir(join(homeDir, 'slots'))).toEqual([])
    expect(await readdir(join(homeDir, 'locks'))).toEqual([])
  })
})

needs('bubblewrap').describe('upgrade: the same where sandboxes end with their engine', () => {
  it('each thread has its files, and holders are told', async () => {
    const homeDir = await home('embedded', 0)
    const old = await (await older()).serve(homeDir)
    undo.push(old.kill)
    await old.call('acquire', { thread: 'active', holder: 'agent' })
    await old.call('write', { thread: 'active', path: '/mnt/user-data/workspace/a', content: 'kept\n' })
    await old.kill()
    const engine = await newer(homeDir)
    expect(await engine.call('acquire', { thread: 'active', holder: 'agent' })).toMatchObject({ was_replaced: true })
    expect(await engine.call('read', { thread: 'active', path: '/mnt/user-data/workspace/a' })).toMatchObject({ content: 'kept\n' })
  })
})
