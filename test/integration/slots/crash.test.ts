import { randomBytes } from 'node:crypto'
import { chown, lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, expect, it } from 'vitest'
import { spawnEngine, type SpawnedEngine } from '../../support/spawn-engine.ts'
import { keepPorts } from '../../support/kept-ports.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

const { describe } = needs('docker', 'lite-image', 'bubblewrap')
const docker = new Docker()
const root = process.getuid?.() === 0
/** Some user of this machine that is nobody in particular; the engine's socket is opened to its group. */
const ordinary = { uid: 12_345, gid: root ? (await stat('/var/run/docker.sock').catch(() => ({ gid: 0 }))).gid : 0 }

/** Content by path below a directory. */
async function tree(dir: string, at = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of await readdir(join(dir, at))) {
    const path = join(at, name)
    const facts = await lstat(join(dir, path))
    if (facts.isDirectory()) Object.assign(found, await tree(dir, path))
    else found[path] = await readFile(join(dir, path), 'utf8')
  }
  return found
}

interface Trial {
  readonly home: string
  readonly userData: string
  readonly as: typeof ordinary | undefined
  remove(): Promise<void>
}

async function trial(backend: 'docker' | 'embedded', as: typeof ordinary | undefined): Promise<Trial> {
  const dir = await tempDir('crash')
  const prefix = `bt${randomBytes(4).toString('hex')}`
  await writeFile(join(dir.path, 'config.yaml'), `backend: ${backend}\nspares: 1\nsandbox:\n  container_prefix: ${prefix}\n`)
  await keepPorts(dir.path)
  if (as) {
    await chown(dir.path, as.uid, as.gid)
    for (const file of ['config.yaml', 'bridge.json']) await chown(join(dir.path, file), as.uid, as.gid)
  }
  return {
    home: dir.path,
    as,
    userData: join(dir.path, 'users/default/threads/t/user-data'),
    async remove() {
      for (const { Id } of await ours(dir.path)) await docker.getContainer(Id).remove({ force: true, v: true })
      await dir.remove()
    },
  }
}

const ours = (home: string) => docker.listContainers({ all: true, filters: { label: [`berth.home=${home}`] } })

const trials: Trial[] = []
afterAll(async () => {
  for (const one of trials) await one.remove()
})

const spareReady = (engine: SpawnedEngine) =>
  eventually('a spare sandbox is ready', async () => (await engine.call('status', {})).slots.ready > 0, { within: 60_000 })

/** What the thread has to have: what was there, and one more file for every life that came through. */
async function firstFiles(at: Trial): Promise<void> {
  await mkdir(join(at.userData, 'workspace/deep/er'), { recursive: true })
  await mkdir(join(at.userData, 'uploads'))
  await writeFile(join(at.userData, 'workspace/deep/er/a'), 'a')
  await writeFile(join(at.userData, 'uploads/b'), 'b')
  await writeFile(join(at.userData, 'top'), 'top')
  if (!at.as) return
  for (const path of ['..', '.', 'workspace', 'workspace/deep', 'workspace/deep/er', 'uploads', 'top'])
    await chown(join(at.userData, path), at.as.uid, at.as.gid)
  for (const up of ['../..', '../../..', '../../../..']) await chown(join(at.userData, up), at.as.uid, at.as.gid)
  // A container that runs as root leaves such: in the thread's directory itself, and below.
  await writeFile(join(at.userData, 'of-root'), 'root', { mode: 0o600 })
  await mkdir(join(at.userData, 'workspace/deep/of-root'), { mode: 0o700 })
  await writeFile(join(at.userData, 'workspace/deep/of-root/c'), 'c', { mode: 0o600 })
}

/** One life: all is as it was, the sandbox sees it and writes, and the next claim is cut short at this border. */
async function life(at: Trial, border: number, expected: Record<string, string>): Promise<string[] | null> {
  const engine = await spawnEngine(at.home, { as: at.as, env: { HOME: at.home } })
  try {
    await spareReady(engine)
    expect(await tree(at.userData), `after the kill before border ${border}`).toEqual(expected)
    const got = await engine.call('acquire', { thread: 't' })
    const name = `life-${border}`
    const seen = await engine.call('exec', {
      thread: 't',
      command: `echo -n ${border} > workspace/${name}; find . -type f -readable 2>/dev/null | sort`,
      cwd: '/mnt/user-data',
    })
    expected[`workspace/${name}`] = String(border)
    const readable = Object.keys(expected)
      .filter((path) => !at.as || !path.includes('of-root'))
      .map((path) => `./${path}`)
    expect(
      seen.stdout
        .trim()
        .split('\n')
        .filter((path) => !path.includes('of-root')),
      got.path,
    ).toEqual(readable.filter((path) => !path.includes('of-root')).sort())
    await engine.call('destroy', { thread: 't' })
    await spareReady(engine)
    await engine.arm(border)
    await engine.call('acquire', { thread: 't' })
    // The last steps may come after the answer.
    await Promise.race([engine.ended, new Promise((resolve) => setTimeout(resolve, 1500))])
    return await engine.passed()
  } catch (error) {
    if (error instanceof Error && /process ended/.test(error.message)) return null
    throw error
  } finally {
    await engine.kill()
  }
}

async function nothingLeaks(at: Trial, expected: Record<string, string>): Promise<void> {
  const engine = await spawnEngine(at.home, { as: at.as, env: { HOME: at.home } })
  await spareReady(engine)
  expect(await tree(at.userData)).toEqual(expected)
  await engine.call('destroy', { thread: 't' })
  await spareReady(engine)
  await eventually('only the spare is left', async () => (await readdir(join(at.home, 'slots'))).length === 1, { within: 30_000 })
  expect((await ours(at.home)).length).toBeLessThanOrEqual(1)
  await engine.close()
  expect(await readdir(join(at.home, 'slots'))).toEqual([])
  expect(await ours(at.home)).toEqual([])
  expect((await readdir(join(at.home, 'users'))).filter((name) => name.startsWith('.'))).toEqual([])
}

describe('a claim that is cut short by kill -9, at every step', () => {
  const cases = [
    ['docker, as root', 'docker', undefined, root, 1],
    ['docker, as an ordinary user', 'docker', root ? ordinary : undefined, true, 2],
    ['embedded', 'embedded', undefined, true, 3],
  ] as const
  // The steps are the same ones and each kill takes seconds: in `npm test` the three walks share them, and none is left out.
  const each = process.env['BERTH_CHAOS_PAUSE'] === undefined && root ? cases.length : 1
  for (const [title, backend, as, possible, share] of cases) {
    it.runIf(possible)(`loses and doubles no file, and leaks no slot: ${title}`, { timeout: 900_000 }, async () => {
      const at = await trial(backend, as)
      trials.push(at)
      await firstFiles(at)
      const expected = await tree(at.userData)
      let passed: string[] | null = null
      let border: number = each === 1 ? 1 : share
      for (; passed === null && border < 60; border += each) passed = await life(at, border, expected)
      // It came through whole: every border that was tried before was one at which a process died.
      expect(passed).toContain('after rename')
      expect(passed).toContain('after probe')
      expect(border - 2 * each).toBeLessThanOrEqual(passed?.length ?? 0)
      expect(border - each).toBeGreaterThan(passed?.length ?? 0)
      expect(passed?.filter((name) => name === 'after moveIn').length).toBeGreaterThanOrEqual(3)
      await nothingLeaks(at, expected)
    })
  }
})
