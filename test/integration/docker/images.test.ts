import { spawnSync } from 'node:child_process'
import { copyFile, readFile, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { debootstrapPlan, importDebootstrap } from '../../../main/backends/docker/image/debootstrap.ts'
import { liteFiles } from '../../../main/backends/docker/image/lite-build.ts'
import { resources } from '../../../main/base/resources.ts'
import type { Progress } from '../../../shared/sandbox.ts'
import { dockerSubject, type DockerSubject } from '../../support/docker-subject.ts'
import { needs } from '../../support/parts.ts'
import { slowRegistry, type SlowRegistry } from '../../support/slow-registry.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

const never = new AbortController().signal
const size = 6 * 1024 ** 2

needs('docker').describe('images that are pulled', () => {
  let subject: DockerSubject
  let registry: SlowRegistry

  beforeAll(async () => {
    registry = await slowRegistry(size)
    subject = await dockerSubject()
  })
  afterEach(async () => {
    if (await subject.backend.prepared(registry.image)) await subject.docker.getImage(registry.image).remove({ force: true })
  })
  afterAll(async () => {
    await subject?.cleanup()
    await registry?.close()
  })

  it('are pulled once for all who wait, with the bytes done and to do', async () => {
    registry.pace = 10
    const before = registry.sent()
    const reports: Progress[][] = [[], []]
    await Promise.all(reports.map((list) => subject.backend.prepare(registry.image, (progress) => list.push(progress), never)))
    expect(await subject.backend.prepared(registry.image)).toBe(true)
    expect(registry.sent() - before).toBeLessThan(size * 1.5)
    for (const list of reports) {
      const counted = list.filter((progress) => progress.done !== null)
      expect(list.every((progress) => progress.step === 'image-pull')).toBe(true)
      expect(counted.some((progress) => progress.done! > 0 && progress.done! < progress.total!)).toBe(true)
      expect(counted.at(-1)!.done).toBe(counted.at(-1)!.total)
      expect(counted.at(-1)!.total).toBeGreaterThanOrEqual(size)
    }
    await subject.backend.prepare(registry.image, () => expect.unreachable('there is nothing to do'), never)
  })

  it('go on while somebody waits, and end when nobody does', async () => {
    registry.pace = 100
    const [first, second] = [new AbortController(), new AbortController()]
    const outcomes = [first, second].map((one) =>
      subject.backend
        .prepare(registry.image, () => undefined, one.signal)
        .then(
          () => 'done',
          (error: { code: string }) => error.code,
        ),
    )
    await eventually('the layer is being sent', () => registry.sending() > 0)
    first.abort()
    expect(await outcomes[0]).toBe('CANCELLED')
    const reached = registry.sent()
    await eventually('it goes on for the other', () => registry.sent() > reached + 131_072)
    second.abort()
    expect(await outcomes[1]).toBe('CANCELLED')
    await eventually('the engine has stopped loading', () => registry.sending() === 0, { within: 10_000 })
    expect(await subject.backend.prepared(registry.image)).toBe(false)
    registry.pace = 0
    await subject.backend.prepare(registry.image, () => undefined, never)
    expect(await subject.backend.prepared(registry.image)).toBe(true)
  })

  it('that do not exist, or whose registry does not answer, are errors that say what to do', async () => {
    const missing = registry.image.replace('slow:1', 'slow:2')
    await expect(subject.backend.prepare(missing, () => undefined, never)).rejects.toMatchObject({
      code: 'IMAGE_PULL_FAILED',
      next: expect.stringContaining('name and tag'),
    })
    await expect(subject.backend.prepare('127.0.0.1:1/absent:1', () => undefined, never)).rejects.toMatchObject({
      code: 'IMAGE_PULL_FAILED',
      message: expect.stringContaining('refused'),
      next: expect.stringContaining('docker load'),
    })
  })
})

needs('docker', 'lite-image').describe('the lite image', () => {
  let subject: DockerSubject
  let directory: TempDir

  beforeAll(async () => {
    directory = await tempDir('lite')
    const shipped = liteFiles(resources())
    const server = join(directory.path, 'sandbox-server.mjs')
    await copyFile(shipped.server, server)
    subject = await dockerSubject({ files: { ...shipped, server } })
    await subject.backend.prepare('berth-lite', () => undefined, never)
  })
  afterAll(async () => {
    await subject?.cleanup()
    await directory?.remove()
  })

  it('is built anew when what it is made of changes, once for all who wait, offline', async () => {
    const { backend, docker } = subject
    const before = await backend.store.lite()
    expect(before).toMatchObject({ present: true, outdated: false })
    const server = join(directory.path, 'sandbox-server.mjs')
    await writeFile(server, `${await readFile(server, 'utf8')}\n// another build ${directory.path}\n`)
    const next = await subject.open({ files: { ...liteFiles(resources()), server } })
    const asked = await next.store.lite()
    expect(asked).toMatchObject({ present: false, outdated: true })
    expect(asked.reference).not.toBe(before.reference)
    try {
      const reports: Progress[][] = [[], []]
      await Promise.all(reports.map((list) => next.prepare('berth-lite', (progress) => list.push(progress), never)))
      expect(await next.prepared('berth-lite')).toBe(true)
      for (const list of reports) expect(list.some((progress) => progress.step === 'image-build' && progress.total !== null)).toBe(true)
      const image = await docker.getImage(asked.reference).inspect()
      expect(image.Config.Labels['berth.lite']).toBe(asked.reference.split(':')[1])
    } finally {
      await docker.getImage(before.reference).tag({ repo: 'berth-lite', tag: 'latest' })
      await docker.getImage(asked.reference).remove({ force: true })
    }
  })

  it('has what agents expect, for a user without a name and without rights', async () => {
    const reference = await subject.backend.store.reference('berth-lite')
    const script = [
      'set -e',
      'for tool in bash find grep python3 python git curl rg ps unzip script node; do command -v $tool; done',
      'cd "$HOME" && touch here',
      'python3 -m venv venv && venv/bin/python -c "import pip"',
      'python3 -m pip --version',
      'git init -q repo && cd repo && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first && git log --oneline',
      'touch /mnt/user-data/workspace/a /mnt/user-data/uploads/b /mnt/user-data/outputs/c',
      'echo "all $(id -u) $HOME"',
    ].join('\n')
    const container = await subject.docker.createContainer({
      Image: reference,
      User: '54321:54321',
      Entrypoint: ['bash', '-c', script],
      Labels: { 'berth.installation': subject.installation },
      HostConfig: { NetworkMode: 'none', CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] },
    })
    await container.start()
    const { StatusCode } = await container.wait()
    const output = (await container.logs({ stdout: true, stderr: true, follow: false })).toString('utf8')
    expect(output).toContain('all 54321 /home/agent')
    expect(StatusCode).toBe(0)
  })
})

needs('docker', 'root').describe('a base made here', () => {
  it('ends at once when it is cancelled, and takes its directory and processes along', async () => {
    const plan = await debootstrapPlan()
    if (typeof plan === 'string') return expect(plan).toMatch(/debootstrap is not installed|not a Debian|no apt source/)
    const subject = await dockerSubject()
    const bases = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('berth-base-'))
    const before = await bases()
    const cancel = new AbortController()
    const notes: string[] = []
    const note = (text: string) => {
      notes.push(text)
      if (notes.length === 3) cancel.abort()
    }
    try {
      const work = importDebootstrap(subject.backend.engine, plan, { tag: 'berthtest-base:1', packages: ['bash'], note, signal: cancel.signal })
      await expect(work).rejects.toThrow('aborted')
      expect((await bases()).filter((name) => !before.includes(name))).toEqual([])
      const running = spawnSync('pgrep', ['-f', 'debootstrap.*berth-base-'], { encoding: 'utf8' }).stdout
      expect(running).toBe('')
      expect(await subject.backend.prepared('berthtest-base:1')).toBe(false)
    } finally {
      await subject.cleanup()
    }
  })
})
