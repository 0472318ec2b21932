import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { EngineEvent, SandboxSpec } from '../../../main/backends/backend.ts'
import { systemClock, type Clock } from '../../../main/base/clock.ts'
import { farId } from '../../../main/backends/remote/wire.ts'
import { asBerthError } from '../../../shared/errors.ts'
import { kubernetesLike, type KubernetesLike, type Mood } from '../../support/kubernetes-like.ts'
import { remoteSubject, type RemoteSubject } from '../../support/remote-subject.ts'
import { eventually } from '../../support/wait.ts'

const never = () => new AbortController().signal
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: unknown) => asBerthError(error).code,
  )
const errorOf = (work: Promise<unknown>) =>
  work.then(() => {
    throw new Error('no error')
  }, asBerthError)

/** Deadlines ten times as short, so that a far side that says nothing is given up in a test's time. */
function hurried(): Clock {
  const clock = systemClock()
  return { ...clock, timer: (ms, run) => clock.timer(ms / 10, run) }
}

const open: { cleanup(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.cleanup()
})

async function both(
  options: Parameters<typeof kubernetesLike>[0] & { url?: (url: string) => string; apiKey?: string } = {},
): Promise<{ far: KubernetesLike; subject: RemoteSubject }> {
  const far = await kubernetesLike(options)
  const subject = await remoteSubject({
    url: options.url ? options.url(far.url) : far.url,
    ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }),
    kill: (found) => Promise.resolve(far.crash(farId(found.ref))),
    close: () => far.close(),
  })
  open.push(subject)
  return { far, subject }
}

const one = async (subject: RemoteSubject, more: Partial<SandboxSpec> = {}) => {
  const spec = subject.spec(more)
  return { spec, found: await subject.backend.create(spec, never()) }
}

describe('what a provisioner may answer', () => {
  it.each<Mood>(['500', 'nonsense', 'proxy-404', 'wrong-shape', 'starting'])('%s: unknown, never gone; and all is there afterwards', async (mood) => {
    const { far, subject } = await both()
    const { spec, found } = await one(subject)
    far.mood = mood
    for (const ask of [() => subject.backend.list(), () => subject.backend.inspect(spec.name), () => subject.backend.remove(found.ref, 0)]) {
      const error = await errorOf(ask())
      expect(error.code).toBe('ENGINE_UNREACHABLE')
      expect(error.next).not.toBe('')
    }
    expect(await codeOf(one(subject))).toBe('ENGINE_UNREACHABLE')
    far.mood = 'well'
    expect((await subject.backend.list()).map(({ ref }) => ref)).toEqual([found.ref])
    expect(await subject.backend.inspect(spec.name)).toEqual(found)
    expect(far.pods.size).toBe(1)
  })

  it('none at all, or no answer: unknown, within the deadlines', async () => {
    const { far, subject } = await both()
    const { spec, found } = await one(subject)
    const backend = await subject.open({ clock: hurried() })
    far.mood = 'silent'
    for (const ask of [() => backend.list(), () => backend.inspect(spec.name), () => backend.remove(found.ref, 0), () => backend.facts()]) {
      expect(await errorOf(ask())).toMatchObject({ code: 'ENGINE_UNREACHABLE', message: expect.stringContaining('did not answer within') })
    }
    far.mood = 'well'
    await far.stop()
    for (const ask of [
      () => backend.list(),
      () => backend.inspect(spec.name),
      () => backend.remove(found.ref, 0),
      () => backend.create(subject.spec(), never()),
    ]) {
      expect(await codeOf(ask())).toBe('ENGINE_UNREACHABLE')
    }
    await far.start()
    expect((await backend.list()).map(({ ref }) => ref)).toEqual([found.ref])
  })

  it('brings the key from the setting or the URL, and shows it nowhere', async () => {
    const key = `k-${randomBytes(8).toString('hex')}`
    const { far, subject } = await both({ key, url: (url) => url.replace('//', `//x:${key}@`) })
    const { found } = await one(subject)
    const [post] = far.calls.filter(({ line }) => line.startsWith('POST'))
    expect(post).toMatchObject({ key, basic: `Basic ${Buffer.from(`x:${key}`).toString('base64')}` })
    expect(far.calls.filter(({ line }) => line.startsWith('GET /health')).every((call) => call.key === undefined && call.basic === undefined)).toBe(true)
    expect(JSON.stringify([subject.backend.where, await subject.backend.facts(), found, subject.logged])).not.toContain(key)

    const wrong = await subject.open({ apiKey: 'wr0ng-key' })
    for (const ask of [() => wrong.list(), () => wrong.create(subject.spec(), never()), () => wrong.facts()]) {
      const error = await errorOf(ask())
      expect(error).toMatchObject({ code: 'ENGINE_FAILED', message: expect.stringContaining('401'), next: expect.stringContaining('provisioner_api_key') })
      expect(JSON.stringify([error.message, error.next, error.details])).not.toMatch(new RegExp(`${key}|wr0ng-key`))
    }
    expect(far.pods.size).toBe(1)
    const right = await subject.open({ url: far.url, apiKey: key })
    expect(await right.list()).toHaveLength(1)
  })

  it('takes the words of Kubernetes: Pending, Failed, NotFound, and Unknown as what it is', async () => {
    const { far, subject } = await both()
    far.pendingMs = 1_500
    const { spec, found } = await one(subject)
    expect(found.state).toBe('created')
    expect(found.url).toMatch(/^http/)
    await eventually('it runs', async () => (await subject.backend.inspect(spec.name))?.state === 'running')
    for (const word of ['Unknown', 'Terminating', 'toString']) {
      far.setPhase(farId(found.ref), word)
      expect(await codeOf(subject.backend.inspect(spec.name))).toBe('ENGINE_UNREACHABLE')
      // In a list it stands as it was last seen: leaving it out would say that it is gone.
      expect(await subject.backend.list()).toMatchObject([{ ref: found.ref, state: 'running' }])
    }
    for (const word of ['Succeeded', 'Failed']) {
      far.setPhase(farId(found.ref), word)
      expect(await subject.backend.inspect(spec.name)).toMatchObject({ ref: found.ref, state: 'exited', url: null, exitCode: null })
    }
    far.setPhase(farId(found.ref), 'NotFound')
    expect(await subject.backend.inspect(spec.name)).toBeNull()
    expect(await subject.backend.list()).toEqual([])
  })

  it('sends what deer-flow’s newest client sends, and an oldest provisioner takes it, without a thread as well', async () => {
    const { far, subject } = await both({ takes: 'seed' })
    const mounts = [{ source: '/srv/skills', target: '/mnt/more', readonly: true }]
    const { found, spec } = await one(subject, { mounts, user: 'ann' })
    expect(far.calls.findLast(({ line }) => line.startsWith('POST'))?.body).toEqual({
      sandbox_id: farId(found.ref),
      thread_id: spec.thread,
      user_id: 'ann',
      extra_mounts: [{ host_path: '/srv/skills', container_path: '/mnt/more', read_only: true }],
    })
    const anonymous = await one(subject, { thread: null })
    expect(far.calls.findLast(({ line }) => line.startsWith('POST'))?.body).toEqual({
      sandbox_id: farId(anonymous.found.ref),
      thread_id: farId(anonymous.found.ref),
      user_id: 'default',
    })
    expect(anonymous.found.thread).toBeNull()
    // A pod's name is `sandbox-{id}`, its service's `sandbox-{id}-svc`: 63 characters at most, of these only.
    expect(`sandbox-${farId(found.ref)}-svc`).toMatch(/^[a-z0-9-]{1,63}$/)
  })

  it('refuses an address that is none without showing it, and passes over rubbish in a list', async () => {
    const { far, subject } = await both()
    for (const url of ['ftp://host', 'host:8002', 'not an address', 'http://host/?x=1']) {
      const error = await errorOf(subject.open({ url }))
      expect(error.code).toBe('BAD_CONFIG')
      expect(error.message).not.toContain('host:8002')
    }
    const { found } = await one(subject)
    ;(far.pods as Map<string, unknown>).set('rubbish', { id: 5, lite: { url: null } })
    expect((await subject.backend.list()).map(({ ref }) => ref)).toEqual([found.ref])
    ;(far.pods as Map<string, unknown>).delete('rubbish')
  })
})

describe('what is left and what is lost', () => {
  it('another process finds all of it again, from the list and a file each', async () => {
    const { subject } = await both()
    const made = await Promise.all([one(subject), one(subject, { thread: null })])
    const next = await subject.open()
    expect((await next.list()).toSorted((a, b) => (a.ref < b.ref ? -1 : 1))).toEqual(
      made.map(({ found }) => found).toSorted((a, b) => (a.ref < b.ref ? -1 : 1)),
    )
    expect(await readdir(join(subject.home, 'remote'))).toHaveLength(2)
    for (const { found } of made) await next.remove(found.ref, 0)
    expect(await readdir(join(subject.home, 'remote'))).toEqual([])
  })

  it('a sandbox whose file is lost or broken is a leftover: listed to be removed, and its name is free', async () => {
    const { far, subject } = await both()
    const [lost, broken] = [await one(subject), await one(subject)]
    await rm(join(subject.home, 'remote', farId(lost.found.ref)))
    await writeFile(join(subject.home, 'remote', farId(broken.found.ref)), '{"name": 7')
    const next = await subject.open()
    const listed = await next.list()
    expect(listed).toHaveLength(2)
    for (const found of listed) expect(found).toMatchObject({ leftover: true, owner: 'ours', id: null, user: null, nonce: null })
    expect(subject.logged.filter((text) => text.includes(farId(broken.found.ref)))).toHaveLength(1)
    expect(await next.inspect(lost.spec.name)).toBeNull()
    // Made anew under the same name, the old one goes first: two of them never work on the same files.
    const again = await next.create(subject.spec({ name: lost.spec.name }), never())
    expect([...far.pods.keys()].toSorted()).toEqual([farId(again.ref), farId(broken.found.ref)].toSorted())
    // Its ref was of a life that is not known any more; what the list names is.
    await next.remove(broken.found.ref, 0)
    expect(far.pods.size).toBe(2)
    await next.remove(farId(broken.found.ref), 0)
    expect([...far.pods.keys()]).toEqual([farId(again.ref)])
  })

  it('files of sandboxes that are no more are dropped, but only when the other side says so', async () => {
    const { far, subject } = await both()
    const { found } = await one(subject)
    const files = () => readdir(join(subject.home, 'remote'))
    await far.vanish(farId(found.ref))
    far.mood = '500'
    expect(await codeOf(subject.backend.list())).toBe('ENGINE_UNREACHABLE')
    expect(await files()).toHaveLength(1)
    far.mood = 'well'
    expect(await subject.backend.list()).toEqual([])
    expect(await files()).toEqual([])
  })

  it('an id is used again, but not while a pod of it may be on its way out', async () => {
    const { far, subject } = await both()
    let later = 0
    const backend = await subject.open({ clock: { ...systemClock(), now: () => performance.now() + later } })
    const ids: string[] = []
    const { name } = subject.spec()
    for (const wait of [0, 0, 61_000, 0]) {
      later += wait
      const found = await backend.create(subject.spec({ name }), never())
      ids.push(farId(found.ref))
      await backend.remove(found.ref, 0)
    }
    expect(ids.map((id) => id.at(-1))).toEqual(['0', '1', '0', '1'])
    expect(far.pods.size).toBe(0)
  })

  it('its file is on disk before the order leaves, with nothing secret in it', async () => {
    const { far, subject } = await both()
    far.answerMs = 400
    const creating = one(subject)
    await eventually('the order is there', () => far.calls.some(({ line }) => line.startsWith('POST')))
    const [file] = await readdir(join(subject.home, 'remote'))
    const { spec, found } = await creating
    expect(file).toBe(farId(found.ref))
    const text = await readFile(join(subject.home, 'remote', farId(found.ref)), 'utf8')
    expect(JSON.parse(text)).toMatchObject({ name: spec.name, id: spec.id, user: spec.user, thread: spec.thread, nonce: spec.nonce })
    expect(text).not.toContain(spec.key)
  })

  it('an order given up is taken back when it is answered, not before', async () => {
    const { far, subject } = await both()
    far.answerMs = 500
    const abort = new AbortController()
    const creating = codeOf(subject.backend.create(subject.spec(), abort.signal))
    await eventually('the order is there', () => far.calls.some(({ line }) => line.startsWith('POST')))
    abort.abort()
    expect(await creating).toBe('CANCELLED')
    expect(far.pods.size).toBe(0)
    const order = far.calls.map(({ line }) => line.split(' ')[0]).filter((method) => method !== 'GET')
    expect(order).toEqual(['POST', 'DELETE'])
  })

  it('an order that was never answered and is filled later is removed as a leftover', async () => {
    const { far, subject } = await both()
    const backend = await subject.open({ clock: hurried() })
    far.answerMs = 4_500
    expect(await codeOf(backend.create(subject.spec(), never()))).toBe('ENGINE_UNREACHABLE')
    await eventually('it was filled all the same', () => far.pods.size === 1)
    const listed = await backend.list()
    expect(listed).toMatchObject([{ leftover: true }])
    await backend.remove(listed[0]!.ref, 0)
    expect(far.pods.size).toBe(0)
  })

  it.each<Mood>(['made-but-500', 'made-but-cut'])('%s: what an order that failed made all the same is taken back', async (mood) => {
    const { far, subject } = await both()
    far.mood = mood
    const spec = subject.spec()
    expect(await errorOf(subject.backend.create(spec, never()))).toMatchObject({ code: 'ENGINE_UNREACHABLE' })
    expect(far.calls.some(({ line }) => line.startsWith('POST'))).toBe(true)
    expect(far.pods.size).toBe(0)
    expect(await subject.backend.inspect(spec.name)).toBeNull()
    expect(await readdir(join(subject.home, 'remote'))).toEqual([])
  })

  it('is gone when the other side says so, not when it took the order', async () => {
    const { far, subject } = await both()
    const { found, spec } = await one(subject)
    far.graceMs = 700
    const before = performance.now()
    await subject.backend.remove(found.ref, 5)
    expect(performance.now() - before).toBeGreaterThan(600)
    expect(await subject.backend.inspect(spec.name)).toBeNull()
    const { found: other } = await one(subject)
    far.graceMs = 60_000
    const impatient = await subject.open({ clock: { ...systemClock(), now: () => performance.now() * 20 } })
    expect(await errorOf(impatient.remove(other.ref, 0))).toMatchObject({ code: 'ENGINE_UNREACHABLE', message: expect.stringContaining('still has it') })
  })
})

describe('the watch', () => {
  it('tells an outage once each way, what ended meanwhile, and is honest about itself', async () => {
    const { far, subject } = await both()
    const events: EngineEvent[] = []
    const watch = subject.backend.watch((event) => events.push(event))
    const stream = () => events.map(({ type }) => type).filter((type) => type === 'lost' || type === 'back')
    await eventually('it is healthy', () => watch.healthy())
    const { found } = await one(subject)
    const stays = await one(subject)
    far.mood = '500'
    await eventually('the loss is told', () => stream().includes('lost'))
    expect(watch.healthy()).toBe(false)
    await far.vanish(farId(found.ref))
    far.mood = 'well'
    await eventually('it is healthy again', () => watch.healthy())
    expect(stream()).toEqual(['back', 'lost', 'back'])
    const about = (ref: string) => events.filter((event) => 'ref' in event && event.ref === ref).map(({ type }) => type)
    expect(about(found.ref)).toEqual(['start', 'die', 'destroy'])
    expect(about(stays.found.ref)).toEqual(['start'])
    watch.close()
  })

  it('one bad answer is no outage, and a wrong or empty list ends nothing', async () => {
    const { far, subject } = await both()
    const events: EngineEvent[] = []
    const watch = subject.backend.watch((event) => events.push(event))
    await eventually('it is healthy', () => watch.healthy())
    const { found } = await one(subject)
    const polls = () => far.calls.filter(({ line }) => line === 'GET /api/sandboxes').length
    far.mood = 'nonsense'
    const before = polls()
    await eventually('it was asked', () => polls() > before)
    far.mood = 'well'
    await eventually('it was asked again', () => polls() > before + 2)
    expect(watch.healthy()).toBe(true)
    expect(events.map(({ type }) => type)).toEqual(['back', 'start'])
    // The list forgets it, the sandbox itself is known: it is asked for by id.
    const pods = far.pods as Map<string, unknown>
    const values = pods.values.bind(pods)
    pods.values = () => new Map<string, unknown>().values()
    const after = polls()
    await eventually('it was asked twice more', () => polls() > after + 1)
    expect(events.map(({ type }) => type)).toEqual(['back', 'start'])
    expect((await subject.backend.list()).map(({ ref }) => ref)).toEqual([found.ref])
    pods.values = values
    watch.close()
  })

  it('asks seldom while nothing is there', async () => {
    const { far, subject } = await both()
    const watch = subject.backend.watch(() => undefined)
    await eventually('it is healthy', () => watch.healthy())
    const before = far.calls.length
    await systemClock().sleep(4_500)
    expect(far.calls.length).toBe(before)
    watch.close()
  })
})
