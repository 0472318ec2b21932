import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Backend, Mount } from '../../main/backends/backend.ts'
import { BerthError } from '../../shared/errors.ts'
import { type BackendSubject, type BackendTraits, type Making, recordEvents } from './backend-subject.ts'
import { untilReady } from './sandbox-talk.ts'
import { type TempDir, tempDir } from './temp-dir.ts'
import { eventually, within } from './wait.ts'

/**
 * What every backend does, run against a real one. The engine may be shared with others: nothing here expects
 * to be alone on it, and nothing here touches what it did not make.
 */
export function describeBackend(name: string, make: () => Promise<BackendSubject>, traits: BackendTraits): void {
  describe(`backend contract: ${name}`, { timeout: 90_000 }, () => {
    const { dialect } = traits
    /** The most that may pass between something on the engine and its event. */
    const soon = dialect ? 15_000 : 2_000
    let subject: BackendSubject
    let dir: TempDir
    let directories = 0
    const made: { backend: Backend; name: string }[] = []

    beforeAll(async () => {
      subject = await make()
      dir = await tempDir('contract')
      if (!(await subject.backend.prepared(subject.image))) {
        await subject.backend.prepare(subject.image, () => {}, new AbortController().signal)
      }
    }, 600_000)
    afterEach(async () => {
      for (const one of made.splice(0)) {
        const left = await one.backend.inspect(one.name)
        if (left && left.owner === 'ours') await one.backend.remove(left.ref, 0)
      }
    }, 60_000)
    afterAll(async () => {
      await subject.cleanup()
      await dir.remove()
    }, 120_000)

    const making: Making = {
      get subject() {
        return subject
      },
      async create(overrides = {}) {
        const spec = subject.spec(overrides)
        made.push({ backend: subject.backend, name: spec.name })
        return { spec, found: await subject.backend.create(spec, new AbortController().signal) }
      },
      async ready(overrides = {}) {
        const it = await making.create(overrides)
        await untilReady(subject.talk, it.found, it.spec.key)
        return it
      },
      async directory() {
        const path = join(dir.path, `d${++directories}`)
        await mkdir(path)
        // As Berth makes a thread's: whoever a sandbox runs as may write.
        await chmod(path, 0o777)
        return path
      },
    }
    const codeOf = async (work: Promise<unknown>): Promise<string> => {
      try {
        await work
      } catch (error) {
        if (error instanceof BerthError) return error.code
        throw new Error('not a BerthError', { cause: error })
      }
      return 'no error'
    }
    const names = async () => (await subject.backend.list()).map((found) => found.name)

    it('says which engine it is', async () => {
      const facts = await subject.backend.facts()
      expect(facts.name).not.toBe('')
      expect(facts.version).toMatch(dialect ? /version|Berth \d/ : /\d/)
      expect(await subject.backend.prepared(subject.image)).toBe(true)
    })

    it('creates a running sandbox, and create, inspect and list agree about it', async () => {
      const before = Date.now() - 2_000
      const { found, spec } = await making.create()
      expect(found).toMatchObject({
        state: 'running',
        owner: 'ours',
        name: spec.name,
        id: spec.id,
        user: spec.user,
        thread: spec.thread,
        nonce: spec.nonce,
        configHash: spec.configHash,
        version: subject.version,
        image: dialect ? null : spec.image,
        exitCode: null,
        mounts: [],
      })
      expect(found.ref).not.toBe('')
      expect(found.url).toMatch(dialect ? /^http:\/\/127\.0\.0\.1:\d+(\/\S*[^/])?$/ : /^http:\/\/127\.0\.0\.1:\d+$/)
      expect(found.createdAt).toBeGreaterThan(before)
      expect(found.createdAt).toBeLessThan(Date.now() + 2_000)
      expect(await subject.backend.inspect(spec.name)).toEqual(found)
      expect((await subject.backend.list()).find((one) => one.ref === found.ref)).toEqual(found)
      await untilReady(subject.talk, found, spec.key)
    })

    it('keeps an anonymous sandbox anonymous', async () => {
      const { found } = await making.create({ thread: null })
      expect(found.thread).toBeNull()
      expect((await subject.backend.inspect(found.name))?.thread).toBeNull()
    })

    if (dialect)
      it('answers at an address of its own, which needs no key', async () => {
        const [a, b] = await Promise.all([making.ready(), making.ready()])
        expect(subject.backend.traits.keyless).toBe(true)
        expect(a.found.url).not.toBe(b.found.url)
        expect(await subject.talk.status(a.found, null, 5_000)).toBe(200)
        await subject.talk.exec(a.found, a.spec.key, 'echo a > ~/mark')
        expect((await subject.talk.exec(b.found, b.spec.key, 'cat ~/mark')).stdout).not.toBe('a\n')
      })
    else
      it('answers only to its own key', async () => {
        const [a, b] = await Promise.all([making.ready(), making.ready()])
        expect(a.found.url).not.toBe(b.found.url)
        expect(await subject.talk.status(a.found, null, 5_000)).toBe(401)
        expect(await subject.talk.status(a.found, `${a.spec.key}x`, 5_000)).toBe(401)
        expect(await subject.talk.status(b.found, a.spec.key, 5_000)).toBe(401)
        expect(await subject.talk.status(b.found, b.spec.key, 5_000)).toBe(200)
      })

    it('knows no sandbox by a free name', async () => {
      expect(await subject.backend.inspect(subject.spec().name)).toBeNull()
    })

    it('gives a name once, and the loser harms nothing', async () => {
      const { found, spec } = await making.ready()
      const again = subject.spec({ name: spec.name })
      expect(await codeOf(subject.backend.create(again, new AbortController().signal))).toBe('NAME_TAKEN')
      expect((await subject.backend.inspect(spec.name))?.ref).toBe(found.ref)
      expect(await subject.talk.status(found, spec.key, 5_000)).toBe(200)
    })

    it('lets one of many that want a name at once have it', async () => {
      const { name: wanted } = subject.spec()
      const results = await Promise.allSettled(Array.from({ length: 4 }, () => making.create({ name: wanted })))
      const winners = results.filter((one) => one.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      for (const one of results) {
        if (one.status === 'rejected') expect(await codeOf(Promise.reject(one.reason))).toBe('NAME_TAKEN')
      }
      const winner = winners[0]!.value
      await untilReady(subject.talk, winner.found, winner.spec.key)
      expect((await subject.backend.inspect(wanted))?.ref).toBe(winner.found.ref)
      expect((await names()).filter((one) => one === wanted)).toHaveLength(1)
    })

    it('leaves nothing of a create that was aborted, and the name is free', async () => {
      for (const delay of [null, 0, 5, 40, 120]) {
        const spec = subject.spec()
        made.push({ backend: subject.backend, name: spec.name })
        const abort = new AbortController()
        if (delay === null) abort.abort()
        const creating = subject.backend.create(spec, abort.signal)
        if (delay === 0) abort.abort()
        else if (delay !== null) setTimeout(() => abort.abort(), delay)
        const code = await codeOf(creating)
        if (code === 'no error' && delay !== null && delay > 0) {
          // It was faster than the abort, which is then too late to mean anything.
          await subject.backend.remove((await creating).ref, 0)
          continue
        }
        expect(code, `aborted after ${delay} ms`).toBe('CANCELLED')
        expect(await subject.backend.inspect(spec.name)).toBeNull()
        expect(await names()).not.toContain(spec.name)
        const { found } = await making.create({ name: spec.name })
        expect(found.state).toBe('running')
        await subject.backend.remove(found.ref, 0)
      }
    })

    it('removes: gone when it says so, twice is fine, the name is free', async () => {
      const { found, spec } = await making.ready()
      await Promise.all([subject.backend.remove(found.ref, 1), subject.backend.remove(found.ref, 1)])
      expect(await subject.backend.inspect(spec.name)).toBeNull()
      expect(await names()).not.toContain(spec.name)
      expect(await subject.talk.status(found, spec.key, 1_000)).not.toBe(200)
      await subject.backend.remove(found.ref, 1)
      const next = await making.create({ name: spec.name })
      expect(next.found.ref).not.toBe(found.ref)
    })

    it('removes a container, not a name: a stale ref leaves the successor alone', async () => {
      const first = await making.create()
      await subject.backend.remove(first.found.ref, 0)
      const second = await making.ready({ name: first.spec.name })
      await subject.backend.remove(first.found.ref, 0)
      expect((await subject.backend.inspect(first.spec.name))?.ref).toBe(second.found.ref)
      expect(await subject.talk.status(second.found, second.spec.key, 5_000)).toBe(200)
    })

    if (dialect && !dialect.keepsDead)
      it('reports a death that it did not cause, after which nothing is there', async () => {
        const events = recordEvents(subject.backend)
        try {
          await eventually('the watch is healthy', () => events.watch.healthy())
          const { found, spec } = await making.ready()
          await subject.killOutside(found)
          expect(await events.saw(found.ref, 'destroy', soon)).toBe(true)
          expect(events.of(found.ref)).toEqual(['start', 'die', 'destroy'])
          expect(await subject.backend.inspect(spec.name)).toBeNull()
          expect(await names()).not.toContain(spec.name)
          expect((await making.ready({ name: spec.name })).found.ref).not.toBe(found.ref)
        } finally {
          events.watch.close()
        }
      })
    else
      it('reports a death that it did not cause, keeps the dead one listed, and its name taken', async () => {
        const events = recordEvents(subject.backend)
        try {
          await eventually('the watch is healthy', () => events.watch.healthy())
          const { found, spec } = await making.ready()
          expect(await events.saw(found.ref, 'start', soon)).toBe(true)
          await subject.killOutside(found)
          expect(await events.saw(found.ref, 'die', soon)).toBe(true)
          const dead = await subject.backend.inspect(spec.name)
          expect(dead).toMatchObject({ ref: found.ref, state: 'exited', owner: 'ours', id: spec.id, nonce: spec.nonce, url: null })
          expect(dead?.exitCode).toEqual(dialect ? null : expect.any(Number))
          expect((await subject.backend.list()).find((one) => one.ref === found.ref)?.state).toBe('exited')
          expect(await codeOf(making.create({ name: spec.name }))).toBe('NAME_TAKEN')
          await subject.backend.remove(found.ref, 1)
          expect(await events.saw(found.ref, 'destroy', soon)).toBe(true)
          expect(await subject.backend.inspect(spec.name)).toBeNull()
          expect(events.of(found.ref)).toEqual(['start', 'die', 'destroy'])
        } finally {
          events.watch.close()
        }
      })

    it('tells every watcher what it removed itself, and a closed watch nothing more', async () => {
      const open = recordEvents(subject.backend)
      const closed = recordEvents(subject.backend)
      try {
        await eventually('both watches are healthy', () => open.watch.healthy() && closed.watch.healthy())
        closed.watch.close()
        expect(closed.watch.healthy()).toBe(false)
        const count = closed.count()
        const { found } = await making.create()
        await subject.backend.remove(found.ref, 0)
        expect(await open.saw(found.ref, 'destroy', soon)).toBe(true)
        expect(open.of(found.ref).at(0)).toBe('start')
        expect(open.of(found.ref).at(-1)).toBe('destroy')
        expect(closed.count()).toBe(count)
      } finally {
        open.watch.close()
      }
    })

    describePausing(making, traits)

    if (!dialect) describeSlots(making, traits)

    if (dialect)
      it('says that it has no log to read, and where it is', async () => {
        const { found } = await making.create()
        const lines = subject.backend.logs(found.ref, { tail: 10, follow: false, signal: AbortSignal.timeout(20_000) })
        await expect(lines[Symbol.asyncIterator]().next()).rejects.toMatchObject({
          code: 'NOT_SUPPORTED',
          next: expect.stringContaining(found.ref.split('.')[0] ?? ''),
        })
      })
    else
      it("reads the sandbox's log: the tail of it, then on until aborted", async () => {
        const { found, spec } = await making.ready()
        const read = async (tail: number) => {
          const lines: string[] = []
          const signal = AbortSignal.timeout(20_000)
          for await (const line of subject.backend.logs(found.ref, { tail, follow: false, signal })) lines.push(line.text)
          return lines
        }
        for (const text of ['first-mark', 'second-mark', 'third-mark']) {
          await subject.say(found, spec.key, text)
          await eventually(`${text} is in the log`, async () => (await read(1000)).some((line) => line.includes(text)))
        }
        expect(await read(0)).toEqual([])
        const all = await read(1000)
        expect(all.every((line) => !/[\r\n]/.test(line))).toBe(true)
        expect(await read(2)).toEqual(all.slice(-2))
        for await (const { at } of subject.backend.logs(found.ref, { tail: 1000, follow: false, signal: AbortSignal.timeout(20_000) })) {
          expect(Math.abs(Date.parse(at ?? '') - Date.now())).toBeLessThan(120_000)
        }

        const abort = new AbortController()
        const seen: string[] = []
        const following = (async () => {
          const { signal } = abort
          for await (const line of subject.backend.logs(found.ref, { tail: 1, follow: true, signal })) seen.push(line.text)
        })()
        await eventually('the follower has the tail', () => seen.length >= 1)
        expect(seen).toEqual(all.slice(-1))
        await subject.say(found, spec.key, 'fourth-mark')
        await eventually('the follower has the new line', () => seen.some((line) => line.includes('fourth-mark')))
        abort.abort()
        await within(5_000, 'a follower ends when aborted', following)
      })

    if (!dialect)
      it('ends a follower when the sandbox ends', async () => {
        const { found } = await making.ready()
        const following = (async () => {
          const signal = AbortSignal.timeout(60_000)
          for await (const line of subject.backend.logs(found.ref, { tail: 10, follow: true, signal })) void line
        })()
        await subject.backend.remove(found.ref, 1)
        await within(10_000, 'a follower of a removed sandbox ends', following)
      })

    it.each(['home', 'installation'] as const)('lists only its own: not those of another %s', async (differs) => {
      const neighbour = await subject.neighbour(differs)
      const spec = subject.spec()
      made.push({ backend: neighbour, name: spec.name })
      const theirs = await neighbour.create(spec, new AbortController().signal)
      const ours = await making.create()
      const listed = (await subject.backend.list()).map((one) => one.ref)
      expect(listed).toContain(ours.found.ref)
      expect(listed).not.toContain(theirs.ref)
      const neighbours = (await neighbour.list()).map((one) => one.ref)
      expect(neighbours).toContain(theirs.ref)
      expect(neighbours).not.toContain(ours.found.ref)
      const seen = await subject.backend.inspect(spec.name)
      if (traits.sharedNames) {
        expect(seen).toMatchObject({ ref: theirs.ref, owner: differs === 'home' ? 'other-home' : 'other-installation' })
        expect(await codeOf(making.create({ name: spec.name }))).toBe('NAME_TAKEN')
        expect((await neighbour.inspect(spec.name))?.state).toBe('running')
      } else {
        expect(seen).toBeNull()
        const same = await making.create({ name: spec.name })
        expect(same.found.owner).toBe('ours')
      }
    })

    if (!dialect)
      it('refuses a bind whose source is not there, makes nothing, and makes no source', async () => {
        const source = join(await making.directory(), 'missing')
        const spec = subject.spec({ mounts: [{ source, target: '/mnt/user-data', readonly: false }] })
        made.push({ backend: subject.backend, name: spec.name })
        expect(await codeOf(subject.backend.create(spec, new AbortController().signal))).toBe('MOUNT_MISSING')
        expect(await subject.backend.inspect(spec.name)).toBeNull()
        expect(await names()).not.toContain(spec.name)
        expect(await readdir(join(source, '..'))).toEqual([])
      })

    if (traits.real)
      it('binds directories where it was told to, both ways, read-only where it was told to', async () => {
        const data = await making.directory()
        const skills = await making.directory()
        await writeFile(join(data, 'from-host'), 'hello')
        await writeFile(join(skills, 'skill.md'), 'a skill')
        await mkdir(join(data, 'inner'))
        // The inner target first: it must not matter in which order they are named.
        const mounts = [
          { source: skills, target: '/mnt/user-data/inner', readonly: true },
          { source: data, target: '/mnt/user-data', readonly: false },
          { source: skills, target: '/mnt/skills', readonly: true },
        ]
        const { found, spec } = await making.ready({ mounts })
        const sorted = (some: readonly Mount[]) => some.toSorted((a, b) => (a.target < b.target ? -1 : 1))
        expect(sorted(found.mounts)).toEqual(sorted(mounts))
        const run = (command: string) => subject.talk.exec(found, spec.key, command)
        expect(await run('cat /mnt/user-data/from-host /mnt/skills/skill.md /mnt/user-data/inner/skill.md')).toMatchObject({
          exitCode: 0,
          stdout: 'helloa skilla skill',
        })
        expect(await run('mkdir /mnt/user-data/made && printf inside > /mnt/user-data/made/file')).toMatchObject({ exitCode: 0 })
        expect(await readFile(join(data, 'made', 'file'), 'utf8')).toBe('inside')
        for (const target of ['/mnt/skills', '/mnt/user-data/inner']) {
          expect((await run(`echo no > ${target}/new`)).exitCode).not.toBe(0)
          expect((await run(`echo no >> ${target}/skill.md`)).exitCode).not.toBe(0)
          expect((await run(`rm -f ${target}/skill.md`)).exitCode).not.toBe(0)
        }
        expect(await readFile(join(skills, 'skill.md'), 'utf8')).toBe('a skill')
        expect(await readdir(skills)).toEqual(['skill.md'])
        // What a sandbox wrote belongs to the one who runs Berth: it can be deleted from outside.
        await rm(join(data, 'made'), { recursive: true })
        await subject.backend.remove(found.ref, 1)
        expect(await readFile(join(data, 'from-host'), 'utf8')).toBe('hello')
      })

    if (traits.real)
      it('keeps what was written when the sandbox is killed without grace', async () => {
        const data = await making.directory()
        const mounts = [{ source: data, target: '/mnt/user-data', readonly: false }]
        const first = await making.ready({ mounts })
        await subject.talk.exec(first.found, first.spec.key, 'printf kept > /mnt/user-data/file; echo lost > /tmp/berth-lost')
        await subject.backend.remove(first.found.ref, 0)
        const second = await making.ready({ mounts, name: first.spec.name })
        const answer = await subject.talk.exec(second.found, second.spec.key, 'cat /mnt/user-data/file; ls /tmp/berth-lost')
        expect(answer.stdout).toBe('kept')
        expect(answer.exitCode).not.toBe(0)
      })

    if (traits.real)
      it('hands over the environment as it is, and the key to no command', async () => {
        const value = 'a b$HOME `id` "q" \'s\' é\nsecond=line'
        const { found, spec } = await making.ready({ environment: { CONTRACT_VALUE: value, CONTRACT_EMPTY: '' } })
        const answer = await subject.talk.exec(found, spec.key, 'printf "%s|%s" "$CONTRACT_VALUE" "${CONTRACT_EMPTY-unset}"')
        expect(answer.stdout).toBe(`${value}|`)
        expect((await subject.talk.exec(found, spec.key, 'env')).stdout).not.toContain(spec.key)
      })

    it('reports nothing after close, and a watch ends with it', async () => {
      const own = await make()
      try {
        const events = recordEvents(own.backend)
        await eventually('the watch is healthy', () => events.watch.healthy())
        const spec = own.spec()
        const found = await own.backend.create(spec, new AbortController().signal)
        await untilReady(own.talk, found, spec.key)
        await own.backend.close()
        expect(events.watch.healthy()).toBe(false)
        const count = events.count()
        if (traits.outlivesClose) {
          expect(await own.talk.status(found, spec.key, 5_000)).toBe(200)
          await own.killOutside(found)
        }
        await eventually('the sandbox has ended', async () => (await own.talk.status(found, spec.key, 1_000)) !== 200)
        expect(events.count()).toBe(count)
        await own.backend.close()
      } finally {
        await own.cleanup()
      }
    }, 120_000)
  })
}

/** The part of the contract about freezing; called inside the suite's `describe`. */
function describePausing(making: Making, traits: BackendTraits): void {
  if (!traits.pausable)
    it('says that it cannot pause, and changes nothing', async () => {
      const { backend, talk } = making.subject
      const { found, spec } = await making.ready()
      await expect(backend.pause(found.ref)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
      await expect(backend.unpause(found.ref)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
      expect((await backend.inspect(spec.name))?.state).toBe('running')
      expect(await talk.status(found, spec.key, 5_000)).toBe(200)
    })

  if (traits.pausable)
    it('pauses: no answer; unpauses: the same sandbox answers again', async () => {
      const { backend, talk } = making.subject
      const events = recordEvents(backend)
      try {
        await eventually('the watch is healthy', () => events.watch.healthy())
        const { found, spec } = await making.ready()
        await backend.pause(found.ref)
        expect(await backend.inspect(spec.name)).toMatchObject({ ref: found.ref, state: 'paused', id: spec.id })
        expect(await talk.status(found, spec.key, 700)).toBeNull()
        await backend.unpause(found.ref)
        expect(await backend.inspect(spec.name)).toEqual(found)
        expect(await talk.status(found, spec.key, 10_000)).toBe(200)
        expect(await events.saw(found.ref, 'unpause', 2_000)).toBe(true)
        expect(events.of(found.ref)).toEqual(['start', 'pause', 'unpause'])
      } finally {
        events.watch.close()
      }
    })

  if (traits.pausable && traits.real)
    it('freezes what runs inside, daemons too, and lets it go on', async () => {
      const { backend, talk } = making.subject
      const data = await making.directory()
      const { found, spec } = await making.ready({ mounts: [{ source: data, target: '/mnt/user-data', readonly: false }] })
      await talk.exec(
        found,
        spec.key,
        "setsid nohup bash -c 'cd /mnt/user-data; i=0; while :; do i=$((i+1)); echo $i > new; mv new count; sleep 0.02; done'" +
          ' > /dev/null 2>&1 < /dev/null &',
      )
      const count = async () => Number(await readFile(join(data, 'count'), 'utf8'))
      const first = await eventually('the daemon counts', count)
      await eventually('the daemon goes on', async () => (await count()) > first)
      await backend.pause(found.ref)
      const frozen = await count()
      await sleep(500)
      expect(await count()).toBe(frozen)
      await backend.unpause(found.ref)
      await eventually('the daemon goes on after the pause', async () => (await count()) > frozen)
    })

  if (traits.pausable)
    it('removes a paused sandbox, by grace or without', async () => {
      const { backend } = making.subject
      for (const grace of [0, 1]) {
        const { found, spec } = await making.create()
        await backend.pause(found.ref)
        await backend.remove(found.ref, grace)
        expect(await backend.inspect(spec.name)).toBeNull()
      }
    })
}

/** The part of the contract that slots stand on; called inside the suite's `describe`. */
function describeSlots(making: Making, traits: BackendTraits): void {
  it('renames: the same container under another name, once; a taken name is refused, one that is gone is lost', async () => {
    const { backend } = making.subject
    const { found, spec } = await making.create()
    const other = await making.create()
    await backend.rename(found.ref, `${spec.name}-renamed`)
    await backend.rename(found.ref, `${spec.name}-renamed`)
    expect(await backend.inspect(spec.name)).toBeNull()
    expect(await backend.inspect(`${spec.name}-renamed`)).toEqual({ ...found, name: `${spec.name}-renamed` })
    await expect(backend.rename(found.ref, other.spec.name)).rejects.toMatchObject({ code: 'NAME_TAKEN' })
    await backend.remove(found.ref, 0)
    expect(await backend.inspect(`${spec.name}-renamed`)).toBeNull()
    await expect(backend.rename(found.ref, spec.name)).rejects.toMatchObject({ code: 'SANDBOX_LOST' })
    expect(await backend.startedAt(found.ref)).toBeNull()
  })

  it('labels a slot with no thread, lists it as ours, and knows when it was started', async () => {
    const { backend } = making.subject
    const slot = 'feedfeedfeedfeed'
    const { found, spec } = await making.create({ slot })
    expect(found).toMatchObject({ slot, id: null, user: null, thread: null, nonce: spec.nonce, owner: 'ours' })
    expect((await backend.list()).find((one) => one.ref === found.ref)).toMatchObject({ slot, id: null, thread: null })
    expect(await backend.startedAt(found.ref)).toBe(await backend.startedAt(found.ref))
    const plain = await making.create()
    expect(plain.found).not.toHaveProperty('slot')
  })

  if (traits.real)
    it('sees a mounted directory wherever it is moved, and no other that takes its place', async () => {
      const { talk } = making.subject
      const dir = await making.directory()
      const source = join(dir, 'before')
      await mkdir(source)
      await chmod(source, 0o777)
      const { found, spec } = await making.ready({ mounts: [{ source, target: '/mnt/user-data', readonly: false }] })
      await rename(source, join(dir, 'after'))
      await mkdir(source)
      await writeFile(join(source, 'a'), 'wrong')
      await writeFile(join(dir, 'after', 'a'), 'right')
      await talk.exec(found, spec.key, 'cp /mnt/user-data/a /mnt/user-data/b')
      expect(await readFile(join(dir, 'after', 'b'), 'utf8')).toBe('right')
    })
}
