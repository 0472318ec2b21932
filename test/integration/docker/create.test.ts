import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BerthError } from '../../../shared/errors.ts'
import { recordEvents } from '../../support/backend-subject.ts'
import { dockerSubject, type DockerSubject } from '../../support/docker-subject.ts'
import { untilReady } from '../../support/sandbox-talk.ts'
import { variantImage } from '../../support/variant-image.ts'
import { needs } from '../../support/parts.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

const never = new AbortController().signal
const other = 'berthtest-docker-other'

needs('docker', 'lite-image').describe('a sandbox as docker is asked for it', () => {
  let subject: DockerSubject
  let data: TempDir

  beforeAll(async () => {
    data = await tempDir('data')
    subject = await dockerSubject()
    await subject.backend.prepare('berth-lite', () => undefined, new AbortController().signal)
  })
  afterAll(async () => {
    await subject?.cleanup()
    const others = (await subject?.docker.listImages({ filters: { reference: [other] } })) ?? []
    if (others.length > 0) await subject.docker.getImage(`${other}:latest`).remove()
    await data?.remove()
  })
  const errorOf = async (work: Promise<unknown>): Promise<BerthError> => {
    const thrown: unknown = await work.then(
      () => null,
      (error: unknown) => error,
    )
    if (thrown instanceof BerthError) return thrown
    throw new Error('not a BerthError', { cause: thrown })
  }
  /** An image on the engine that is not the lite one and does not say that it is made from it. */
  const otherImage = async (): Promise<string> => {
    const container = await subject.docker.createContainer({ Image: await subject.backend.store.reference('berth-lite') })
    try {
      await container.commit({ repo: other, tag: 'latest', changes: 'LABEL berth.lite=' })
    } finally {
      await container.remove({ force: true })
    }
    return `${other}:latest`
  }

  it('is bound by mounts, bounded, loopback only, and without a secret outside its environment', async () => {
    const secret = 'a-secret-of-the-config'
    const spec = subject.spec({
      mounts: [{ source: data.path, target: '/mnt/user-data', readonly: false }],
      environment: { TOKEN: secret },
      resources: { memory: '256m', cpus: 0.5, pids: 128 },
    })
    const { ref } = await subject.backend.create(spec, never)
    const info = await subject.docker.getContainer(ref).inspect()
    const host = info.HostConfig
    expect(host.Binds ?? []).toEqual([])
    expect(host.Mounts).toMatchObject([{ Type: 'bind', Source: data.path, Target: '/mnt/user-data' }])
    expect(host).toMatchObject({
      Init: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      Privileged: false,
      Memory: 256 * 1024 ** 2,
      NanoCpus: 5e8,
      PidsLimit: 128,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    })
    expect(Object.values(info.NetworkSettings.Ports).filter((bindings) => bindings !== null)).toMatchObject([[{ HostIp: '127.0.0.1' }]])
    const labels = info.Config.Labels
    expect(labels).toMatchObject({
      'berth.installation': subject.installation,
      'berth.home': subject.home,
      'berth.thread': spec.thread,
      'berth.user': 'default',
      'berth.id': spec.id,
      'berth.config': spec.configHash,
      'berth.version': subject.version,
      'berth.nonce': spec.nonce,
    })
    const { Env, ...outside } = info.Config
    expect(Env).toEqual(expect.arrayContaining([`BERTH_ENV_TOKEN=${secret}`, `SANDBOX_API_KEY=${spec.key}`]))
    for (const hidden of [secret, spec.key]) expect(JSON.stringify({ ...info, Config: outside })).not.toContain(hidden)
    await subject.backend.remove(ref, 0)
  })

  it('an anonymous one says so', async () => {
    const { ref } = await subject.backend.create(subject.spec({ thread: null }), never)
    const { Labels } = (await subject.docker.getContainer(ref).inspect()).Config
    expect(Labels['berth.anonymous']).toBe('true')
    expect(Labels).not.toHaveProperty('berth.thread')
    await subject.backend.remove(ref, 0)
  })

  it('its server has a user of its own, its programs the home’s owner or, where that is root, an ordinary one; an image made from ours alike', async () => {
    const derived = await variantImage((server) => server)
    try {
      const uid = process.getuid!() === 0 ? 1000 : process.getuid!()
      const [own, made] = [subject.spec(), subject.spec({ image: derived.name })]
      const [first, second] = await Promise.all(
        [own, made].map(async (spec) => {
          const found = await subject.backend.create(spec, never)
          await untilReady(subject.talk, found, spec.key)
          const { stdout } = await subject.talk.exec(found, spec.key, 'id -u')
          await subject.talk.exec(found, spec.key, 'kill -9 1; kill 1; pkill -f "n[o]de"; pkill -f "s[e]rver|s[a]ndbox|p[y]thon"; killall -q node')
          return { found, info: await subject.docker.getContainer(found.ref).inspect(), uid: Number(stdout) }
        }),
      )
      expect([first!.uid, second!.uid]).toEqual([uid, uid])
      expect(first!.info.Config.User).toBe('0:0')
      // With a program of its own in front there is one user for all, and everything else is the same.
      expect(second!.info.Config.User).toBe(`${uid}:${uid === 1000 ? 1000 : process.getgid!()}`)
      expect(second!.info.HostConfig).toMatchObject({ CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] })
      await subject.talk.exec(first!.found, own.key, 'pkill -9 -f "w[a]rden"; kill -9 -1')
      for (const [sandbox, { key }] of [
        [first!, own],
        [second!, made],
      ] as const) {
        expect(await subject.talk.exec(sandbox.found, key, 'echo alive')).toMatchObject({ stdout: 'alive\n' })
      }
    } finally {
      await Promise.all((await subject.backend.list()).map(({ ref }) => subject.backend.remove(ref, 0)))
      await derived.remove()
    }
  })

  it('with `user: root` apt-get, tar and useradd have what they need, and nothing more', async () => {
    const spec = subject.spec({ runsAs: 'root' })
    const found = await subject.backend.create(spec, never)
    await untilReady(subject.talk, found, spec.key)
    const asRoot =
      'id -u; useradd --system probe && install -o probe -m 600 /dev/null /tmp/f && stat -c %U /tmp/f; setpriv --reuid=probe --clear-groups id -un; mknod /tmp/n b 1 1'
    const told = await subject.talk.exec(found, spec.key, asRoot)
    expect(told.stdout).toBe('0\nprobe\nprobe\n')
    expect(told.stderr).toContain('mknod')
    await subject.backend.remove(found.ref, 0)
  })

  it('another image keeps what its start needs, and gets the ids of whom its files belong to', async () => {
    const { ref } = await subject.backend.create(subject.spec({ image: await otherImage() }), never)
    const info = await subject.docker.getContainer(ref).inspect()
    expect(info.HostConfig.SecurityOpt).toEqual(['no-new-privileges', 'seccomp=unconfined'])
    expect(info.HostConfig.CapDrop).not.toContain('ALL')
    expect(info.HostConfig.CapDrop).toContain('NET_RAW')
    expect(info.HostConfig.ShmSize).toBe(2 * 1024 ** 3)
    expect(info.Config.User).toBe('agent')
    const uid = process.getuid!() === 0 ? 1000 : process.getuid!()
    expect(info.Config.Env).toContain(`USER_UID=${uid}`)
    await subject.backend.remove(ref, 0)
  })

  it('takes the next port when the wanted one is taken, by a program or by a container', async () => {
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
    const taken = (blocker.address() as AddressInfo).port
    try {
      const both = await Promise.all([1, 2].map(() => subject.backend.create(subject.spec({ port: taken }), never)))
      const ports = both.map((found) => Number(new URL(found.url!).port))
      for (const port of ports) expect(port).toBeGreaterThan(taken)
      for (const port of ports) expect(port).toBeLessThan(taken + 100)
      expect(new Set(ports).size).toBe(2)
      await Promise.all(both.map((found) => subject.backend.remove(found.ref, 0)))
    } finally {
      blocker.close()
    }
  })

  it('finds a stranger under our name, says whose it is not, and leaves it alone', async () => {
    const spec = subject.spec()
    const reference = await subject.backend.store.reference('berth-lite')
    const stranger = await subject.docker.createContainer({ name: spec.name, Image: reference, Entrypoint: ['sleep'], Cmd: ['600'] })
    try {
      await stranger.start()
      expect(await subject.backend.inspect(spec.name)).toMatchObject({
        ref: stranger.id,
        owner: 'stranger',
        id: null,
        nonce: null,
        state: 'running',
        url: null,
      })
      expect(await errorOf(subject.backend.create(spec, never))).toMatchObject({ code: 'NAME_TAKEN', next: expect.stringContaining(spec.name) })
      expect((await stranger.inspect()).State.Running).toBe(true)
      expect((await subject.backend.list()).map((found) => found.ref)).not.toContain(stranger.id)
    } finally {
      await stranger.remove({ force: true })
    }
  })

  it('does not take the beginning of an id for a name', async () => {
    const found = await subject.backend.create(subject.spec(), never)
    expect(await subject.backend.inspect(found.ref.slice(0, 12))).toBeNull()
    await subject.backend.remove(found.ref, 0)
  })

  it('an entrypoint that ends is told at once, with its last lines, and nothing is left', async () => {
    const events = recordEvents(subject.backend)
    await eventually('the watch is healthy', () => events.watch.healthy())
    const ending = await variantImage(() => 'echo not-a-port >&2; exit 1')
    const spec = subject.spec({ image: ending.name, environment: { HIDDEN: 'a-secret-value' } })
    const started = performance.now()
    const outcome = await subject.backend.create(spec, never).catch((error: unknown) => error)
    if (outcome instanceof BerthError) {
      expect(outcome).toMatchObject({ code: 'START_FAILED', details: { exit_code: 1 } })
      expect(JSON.stringify(outcome.details)).toContain('not-a-port')
      expect(await subject.backend.inspect(spec.name)).toBeNull()
    } else {
      // It lived for the moment of the look; then the watch says it.
      const { ref } = outcome as { ref: string }
      expect(await events.saw(ref, 'die', 10_000)).toBe(true)
      const lines: string[] = []
      for await (const line of subject.backend.logs(ref, { tail: 50, follow: false, signal: never })) lines.push(line.text)
      expect(lines.join('\n')).toContain('not-a-port')
      await subject.backend.remove(ref, 0)
    }
    expect(performance.now() - started).toBeLessThan(20_000)
    events.watch.close()
    await ending.remove()
  })

  it('an image that is not there, or has no program to run, is named', async () => {
    expect(await errorOf(subject.backend.create(subject.spec({ image: 'berthtest-docker-absent:1' }), never))).toMatchObject({ code: 'IMAGE_MISSING' })
    expect(await subject.backend.prepared('berthtest-docker-absent:1')).toBe(false)
    expect(await subject.backend.prepared('Not An Image')).toBe(false)
  })

  it('proves that the engine sees this machine’s files, and leaves no trace of the proof', async () => {
    await subject.backend.seesHostFiles('berth-lite', never)
    const elsewhere = await subject.open({ hostHome: data.path })
    expect(await errorOf(elsewhere.seesHostFiles('berth-lite', never))).toMatchObject({ code: 'ENGINE_ELSEWHERE', message: expect.stringContaining(data.path) })
    const absent = await subject.open({ hostHome: `${data.path}/no-such-directory` })
    expect(await errorOf(absent.seesHostFiles('berth-lite', never))).toMatchObject({ code: 'ENGINE_ELSEWHERE' })
    const left = await subject.docker.listContainers({ all: true, filters: { label: [`berth.probe=${subject.installation}`] } })
    expect(left).toEqual([])
  })

  it('sweeps the probe of a process that was killed, not one that runs', async () => {
    const reference = await subject.backend.store.reference('berth-lite')
    const probe = (since: number) =>
      subject.docker.createContainer({
        Image: reference,
        Labels: { 'berth.probe': subject.installation, 'berth.probe.home': subject.home, 'berth.since': String(since) },
      })
    const [old, young] = [await probe(Date.now() - 600_000), await probe(Date.now())]
    await subject.backend.seesHostFiles('berth-lite', never)
    const left = await subject.docker.listContainers({ all: true, filters: { label: [`berth.probe=${subject.installation}`] } })
    expect(left.map((row) => row.Id)).toEqual([young.id])
    expect(left.map((row) => row.Id)).not.toContain(old.id)
    expect((await subject.backend.list()).map((found) => found.ref)).not.toContain(young.id)
  })
})
