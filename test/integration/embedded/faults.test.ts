import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { probeIsolation } from '../../../main/backends/embedded/isolation.ts'
import { readProcess } from '../../../main/backends/embedded/processes.ts'
import { systemClock } from '../../../main/base/clock.ts'
import { recordEvents } from '../../support/backend-subject.ts'
import type { EmbeddedSubject } from '../../support/embedded-subject.ts'
import { embeddedSubject, liteServer } from '../../support/embedded-subject.ts'
import { httpTalk, untilReady } from '../../support/sandbox-talk.ts'
import type { TempDir } from '../../support/temp-dir.ts'
import { tempDir } from '../../support/temp-dir.ts'

const never = new AbortController().signal

describe('the embedded backend when something is wrong', () => {
  let dir: TempDir
  const subjects: EmbeddedSubject[] = []
  const subject = async (overrides: Parameters<typeof embeddedSubject>[0]) => {
    const made = await embeddedSubject(overrides)
    subjects.push(made)
    return made
  }
  /** A server file that does this instead of serving. */
  const serverOf = (name: string, code: string) => {
    const path = join(dir.path, `${name}.mjs`)
    writeFileSync(path, code)
    return path
  }
  /** A PATH with this program as its only `bwrap`. */
  const pathWith = (name: string, make: (path: string) => void) => {
    const bin = join(dir.path, `bin-${name}`)
    mkdirSync(bin)
    make(join(bin, 'bwrap'))
    return { ...process.env, PATH: [bin, ...(process.env['PATH'] ?? '').split(delimiter)].join(delimiter) }
  }
  beforeAll(async () => {
    dir = await tempDir('faults')
  })
  afterEach(async () => {
    for (const one of subjects.splice(0)) await one.cleanup()
  })
  afterAll(() => dir.remove())

  it('tells a server that ends at once from one that is slow, with its last words', async () => {
    const { backend, spec } = await subject({ server: serverOf('dies', 'console.error("no such module: xyz"); process.exit(3)') })
    const events = recordEvents(backend)
    const wanted = spec()
    await expect(backend.create(wanted, never)).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringContaining('no such module: xyz'),
      details: { exit_code: 3 },
    })
    expect(await backend.inspect(wanted.name)).toBeNull()
    expect(events.count()).toBe(0)
  })

  it('ends a server that never listens', async () => {
    const real = systemClock()
    const clock = { ...real, timer: (ms: number, run: () => void) => real.timer(ms / 10, run) }
    const { backend, spec } = await subject({ clock, server: serverOf('silent', 'console.log("thinking"); setInterval(() => {}, 1000)') })
    const wanted = spec()
    await expect(backend.create(wanted, never)).rejects.toMatchObject({ code: 'NOT_READY', message: expect.stringContaining('thinking') })
    expect(await backend.inspect(wanted.name)).toBeNull()
    expect(await backend.list()).toEqual([])
  })

  it('says what to install where bubblewrap is not, and never goes on without by itself', async () => {
    for (const isolation of ['auto', 'bubblewrap'] as const) {
      await expect(subject({ isolation, env: { PATH: dir.path } })).rejects.toMatchObject({
        code: 'ISOLATION_MISSING',
        message: expect.stringContaining('not installed'),
        next: expect.stringMatching(/install bubblewrap.*embedded\.isolation: none/s),
      })
    }
    expect((await subject({ isolation: 'none', env: { PATH: dir.path } })).backend.isolation).toBe('none')
  })

  it('finds out that bubblewrap is there and does not work, and keeps what it said', async () => {
    const env = pathWith('denied', (path) => {
      writeFileSync(path, '#!/bin/sh\necho "bwrap: setting up uid map: Permission denied" >&2\nexit 1\n')
      chmodSync(path, 0o755)
    })
    const probe = await probeIsolation({ env, node: process.execPath, server: liteServer })
    expect(probe).toMatchObject({ works: false, output: expect.stringContaining('setting up uid map') })
    await expect(subject({ isolation: 'auto', env })).rejects.toMatchObject({ code: 'ISOLATION_MISSING' })
  })

  it('survives that bubblewrap goes away while it runs', async () => {
    const bwrap = execFileSync('/bin/sh', ['-c', 'command -v bwrap'], { encoding: 'utf8' }).trim()
    let copy = ''
    const env = pathWith('copy', (path) => {
      copy = path
      copyFileSync(bwrap, path)
    })
    const { backend, spec } = await subject({ env })
    rmSync(copy)
    await expect(backend.create(spec(), never)).rejects.toMatchObject({ code: 'START_FAILED', message: expect.stringContaining('ENOENT') })
    expect(await backend.list()).toEqual([])
  })

  it('says that a server file is missing when it opens, not at the first acquire', async () => {
    await expect(subject({ server: join(dir.path, 'absent.mjs') })).rejects.toMatchObject({ code: 'START_FAILED' })
  })

  it('takes the first free port from the one that is set', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address ? address.port : 0
    try {
      const { backend, spec } = await subject({})
      const found = await backend.create(spec({ port }), never)
      expect(Number(new URL(found.url ?? '').port)).toBeGreaterThan(port)
    } finally {
      taken.close()
    }
  })

  it('takes the next port where somebody took the free one before the server did', async () => {
    // The moment between the two cannot be met at will: the server says what it would then.
    const { backend, spec } = await subject({
      server: serverOf(
        'late',
        `
      const port = Number(process.env.PUBLIC_PORT)
      if (port % 2 === 0) throw Object.assign(new Error('listen EADDRINUSE: address already in use 127.0.0.1:' + port), { code: 'EADDRINUSE' })
      setInterval(() => {}, 1000)
      console.log(JSON.stringify({ listening: { port } }))`,
      ),
    })
    const found = await backend.create(spec({ port: 23_000 }), never)
    expect(Number(new URL(found.url ?? '').port) % 2).toBe(1)
    expect(await backend.list()).toHaveLength(1)
  })

  it('gives up where every port is taken at the last moment', async () => {
    const starts = join(dir.path, 'starts')
    const { backend, spec } = await subject({
      server: serverOf(
        'never',
        `
      import { appendFileSync } from 'node:fs'
      appendFileSync(${JSON.stringify(starts)}, '.')
      throw new Error('listen EADDRINUSE: address already in use')`,
      ),
      isolation: 'none',
    })
    await expect(backend.create(spec({ port: 23_000 }), never)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      next: expect.stringContaining('port'),
      cause: expect.objectContaining({ code: 'START_FAILED' }) as unknown,
    })
    expect(readFileSync(starts, 'utf8')).toHaveLength(20)
    expect(await backend.list()).toEqual([])
  })

  it('called off at whatever moment, says so, also while it looks for a port', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    try {
      const { backend, spec } = await subject({})
      for (let turns = 0; turns < 12; turns += 1) {
        const off = new AbortController()
        const outcome = expect(backend.create(spec({ port }), off.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
        for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
        off.abort()
        await outcome
      }
    } finally {
      taken.close()
    }
  })

  it('without isolation: removes what killed engines left of their sandboxes, and nothing of one that runs', async () => {
    const run = join(dir.path, 'left')
    const mine = `mine.${process.pid}.${readProcess(process.pid)?.started ?? 0}.0123abcd`
    for (const name of [mine, 'dead.2147483646.1.0123abcd', 'from-an-older-version']) {
      const closed = join(run, 'bare', name, 'closed')
      mkdirSync(closed, { recursive: true })
      writeFileSync(join(closed, 'file'), '')
      chmodSync(closed, 0o500)
    }
    const { backend } = await subject({ isolation: 'none', runDir: run })
    await backend.close()
    expect(readdirSync(join(run, 'bare'))).toEqual([mine])
  })

  it('ends by the polite signal within its grace, and by force after it', async () => {
    const { backend, spec, talk } = await subject({})
    const polite = spec()
    const first = await backend.create(polite, never)
    await untilReady(talk, first, polite.key)
    const logged = backend.logs(first.ref, { tail: 100, follow: true, signal: never })
    await backend.remove(first.ref, 30)
    for await (const line of logged) expect(line.text).not.toMatch(/error/i)

    const deaf = await subject({
      server: serverOf('deaf', `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('{"listening":{"port":1}}')`),
    })
    const second = await deaf.backend.create(deaf.spec(), never)
    const before = performance.now()
    await deaf.backend.remove(second.ref, 1)
    expect(performance.now() - before).toBeGreaterThan(990)
    expect(await deaf.backend.list()).toEqual([])
  })

  it('refuses new sandboxes once closed, and ends one that is being started', async () => {
    const { backend, spec } = await subject({})
    const starting = backend.create(spec(), never)
    const outcome = expect(starting).rejects.toMatchObject({ code: 'CANCELLED' })
    await backend.close()
    await outcome
    expect(await backend.list()).toEqual([])
    await expect(backend.create(spec(), never)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  })

  it('says which limits it cannot hold a sandbox to', async () => {
    const { backend } = await subject({})
    expect(backend.unenforced({ memory: '1g', cpus: 2, pids: null })).toEqual(['memory', 'cpus'])
    expect(backend.unenforced({ memory: null, cpus: null, pids: null })).toEqual([])
  })

  it('without isolation: starts in the thread’s workspace, and leaves no directory of its own behind', async () => {
    const { backend, spec, home } = await subject({ isolation: 'none' })
    const talk = httpTalk()
    mkdirSync(join(dir.path, 'workspace'))
    const wanted = spec({ mounts: [{ source: dir.path, target: '/mnt/user-data', readonly: false }] })
    const found = await backend.create(wanted, never)
    await untilReady(talk, found, wanted.key)
    expect((await talk.exec(found, wanted.key, 'pwd')).stdout.trim()).toBe(join(dir.path, 'workspace'))
    // A directory that its owner closed, as some package managers do: nothing in it can be deleted as it is.
    expect((await talk.exec(found, wanted.key, 'mkdir ~/closed && touch ~/closed/file && chmod 500 ~/closed && ls ~')).stdout.trim()).toBe('closed')
    expect(await backend.facts()).toMatchObject({ name: 'no isolation' })
    await backend.remove(found.ref, 1)
    expect(readdirSync(join(home, 'run', 'bare'))).toEqual([])
  })
})
