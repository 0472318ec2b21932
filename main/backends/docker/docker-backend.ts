import { stat } from 'node:fs/promises'
import { homedir, totalmem } from 'node:os'
import type Docker from 'dockerode'
import type { Clock } from '../../base/clock.ts'
import { makeGate } from '../../base/gate.ts'
import type { Log } from '../../base/log.ts'
import { fail } from '../../../shared/errors.ts'
import type { Backend, Description, EngineWatch, Owner, UsageSample } from '../backend.ts'
import { agentUser, createSandbox } from './creation.ts'
import { findEndpoint } from './connect.ts'
import { imageShelf, imageStore, type ImageStore } from './image/image-store.ts'
import { containerSpec } from './container-spec.ts'
import { askTraits, type Engine, openEngine, traitsReader } from './docker-engine.ts'
import { probeFiles } from './file-probe.ts'
import { fromInspect, fromListing } from './found.ts'
import type { LiteFiles } from './image/lite-build.ts'
import { sandboxFilter } from './labels.ts'
import { readLogs } from './logs.ts'
import { sandboxNetwork } from './network.ts'
import { removeContainer } from './removal.ts'
import { watchEngine } from './watch.ts'
import type { Refusal } from './errors.ts'
import { backendKinds } from '../../../shared/backends.ts'

export interface DockerOptions {
  readonly owner: Owner
  readonly version: string
  readonly clock: Clock
  /** DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG and proxies are read from here. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly files: LiteFiles
  /** Host of sandbox URLs (`DEER_FLOW_SANDBOX_HOST`). */
  readonly reach?: string
  /** Host address on which sandboxes are published. */
  readonly publish?: string
  /** The home as the engine names it, where that is another path. */
  readonly hostHome?: string
  readonly log?: Log
  readonly userHome?: string
  readonly platform?: NodeJS.Platform
}

export interface DockerBackend extends Backend {
  /** Where the engine is and who said so: `unix:///var/run/docker.sock (the default socket)`. */
  readonly endpoint: string
  readonly engine: Engine
  readonly store: ImageStore
  /** What a proven `seesHostFiles` may be remembered under: the engine's own id. */
  engineId(): Promise<string>
  /** Reads a word of the home through a bind, with an image that is there. ENGINE_ELSEWHERE where the engine sees other files. */
  seesHostFiles(image: string, signal: AbortSignal): Promise<void>
}

/**
 * A container that ends is locked while the engine takes it out of its network, one container after the other: with a hundred
 * of them in that line nothing that is asked of the last one is answered for half a minute.
 */
const removalsAtOnce = 16

/** Does not connect: an engine that is away now may come back. Throws where the settings name no usable engine. */
export async function openDocker(options: DockerOptions): Promise<DockerBackend> {
  const { owner, clock, version } = options
  const platform = options.platform ?? process.platform
  const auth = { env: options.env, userHome: options.userHome ?? homedir() }
  const reach = options.reach ?? '127.0.0.1'
  const publish = options.publish ?? '127.0.0.1'
  const reading = { owner, reach }
  const endpoint = await findEndpoint({ ...auth, platform })
  const homeUser = await ownerOf(owner.home)
  const engine = openEngine(endpoint, clock)
  const traits = traitsReader(engine, platform)
  const images = imageStore({ engine, traits, files: options.files, version, auth })
  const network = sandboxNetwork(engine)
  const removals = makeGate(removalsAtOnce)
  const watches = new Set<EngineWatch>()
  const warn = (text: string, cause: unknown) => options.log?.('warn', text, cause)

  return {
    kind: 'docker',
    isolation: 'container',
    traits: { ...backendKinds.docker, pause: true, keyless: false },
    endpoint: `${endpoint.where} (${endpoint.origin})`,
    engine,
    store: images,
    async facts() {
      const { name, version: engineVersion } = await askTraits(engine, platform)
      return { name, version: engineVersion }
    },
    engineId: async () => (await traits.read()).id,
    async list() {
      const rows = await engine.call(
        'list the sandboxes',
        10_000,
        (abortSignal) => engine.docker.listContainers({ all: true, filters: { label: sandboxFilter(owner) }, abortSignal }),
        { idempotent: true },
      )
      return rows.map((row) => fromListing(row, reading))
    },
    async inspect(name) {
      const info = await engine.call('look at a sandbox', 10_000, (abortSignal) => engine.docker.getContainer(name).inspect({ abortSignal }), {
        idempotent: true,
        answers: { 404: () => null },
      })
      // The engine also takes the beginning of an id for a name.
      return info !== null && info.Name === `/${name}` ? fromInspect(info, reading) : null
    },
    prepared: (image) => images.prepared(image),
    prepare: (image, report, signal) => images.prepare(image, report, signal),
    async create(spec, signal) {
      const [reference, kind, known] = await Promise.all([images.reference(spec.image), images.kind(spec.image), traits.read()])
      const describe = (networkId: string, hostPort: number | null) =>
        containerSpec(spec, { owner, version, traits: known, homeUser, networkId, reference, kind, publish, hostPort })
      return createSandbox(spec, { engine, clock, network, reading, publish, describe, warn }, signal)
    },
    async remove(ref, grace) {
      const leave = await removals.pass()
      try {
        await removeContainer(engine, clock, ref, grace)
      } finally {
        leave()
      }
    },
    rename: (ref, name) => renameContainer(engine, ref, name),
    startedAt: (ref) =>
      engine.call<string | null>(
        'look at a sandbox',
        10_000,
        async (abortSignal) => (await engine.docker.getContainer(ref).inspect({ abortSignal })).State.StartedAt,
        { idempotent: true, answers: { 404: () => null } },
      ),
    pause: (ref) => setPaused(engine, clock, ref, true),
    unpause: (ref) => setPaused(engine, clock, ref, false),
    logs: (ref, wanted) => readLogs(engine, ref, wanted),
    usage: (ref) => readUsage(engine, ref),
    describe: (ref) => describeContainer(engine, ref),
    async filesOwner(runsAs) {
      const known = await traits.read()
      return known.native && !known.rootless ? agentUser({ traits: known, homeUser, user: runsAs }) : null
    },
    images: imageShelf(engine, images),
    watch(listener) {
      const watch = watchEngine(engine, owner, clock, (event) => {
        // Another engine may listen there after an outage.
        if (event.type === 'back') traits.forget()
        listener(event)
      })
      watches.add(watch)
      return {
        healthy: () => watch.healthy(),
        close() {
          watches.delete(watch)
          watch.close()
        },
      }
    },
    async seesHostFiles(image, signal) {
      const [reference, known] = await Promise.all([images.reference(image), traits.read()])
      const hostHome = options.hostHome ?? owner.home
      await probeFiles({ engine, clock, owner, traits: known, homeUser, home: owner.home, hostHome, reference }, signal)
    },
    async close() {
      for (const watch of watches) watch.close()
      watches.clear()
      await images.close()
      engine.close()
    },
  }
}

async function ownerOf(home: string): Promise<{ uid: number; gid: number }> {
  try {
    const { uid, gid } = await stat(home)
    return { uid, gid }
  } catch (cause) {
    throw fail('HOME_UNUSABLE', `Berth's home ${home} is not there`, { next: 'Start Berth again, or set BERTH_HOME to a directory that exists.', cause })
  }
}

/** One container in the engine's words, without the values of its variables: some are secrets, and none is ours to tell. */
async function describeContainer(engine: Engine, ref: string): Promise<Description | null> {
  const info = await engine.call<Docker.ContainerInspectInfo | null>(
    'look at a sandbox',
    10_000,
    (abortSignal) => engine.docker.getContainer(ref).inspect({ abortSignal }),
    { idempotent: true, answers: { 404: () => null } },
  )
  return info && descriptionOf(info, totalmem())
}

export function descriptionOf(info: Docker.ContainerInspectInfo, machineMemory: number): Description {
  const { HostConfig: host } = info
  const options = host.SecurityOpt ?? []
  const agent = (info.Config.Env ?? []).find((line) => line.startsWith('BERTH_AGENT='))?.slice('BERTH_AGENT='.length)
  const asRoot = agent === undefined && /^(0|root)(:|$)/.test(info.Config.User) && (host.CapAdd ?? []).length > 0
  const memory = host.Memory ?? 0
  return {
    imageId: info.Image,
    limits: {
      memory: memory > 0 && memory < machineMemory ? memory : null,
      cpus: host.NanoCpus ? host.NanoCpus / 1e9 : null,
      pids: host.PidsLimit && host.PidsLimit > 0 ? host.PidsLimit : null,
    },
    isolation: [
      { name: 'Runs as', value: asRoot ? 'root, with the powers that apt-get needs' : userOf(info, agent), weak: asRoot },
      {
        name: 'Privileges',
        value: `${options.includes('no-new-privileges') ? 'no new ones' : 'may gain new ones'}, ${privileges(host, agent, asRoot)}`,
        weak: !options.includes('no-new-privileges'),
      },
      {
        name: 'System calls',
        value: options.includes('seccomp=unconfined') ? 'not filtered, as the image’s browser needs' : 'the engine’s default filter',
        weak: options.includes('seccomp=unconfined'),
      },
      { name: 'Network', value: host.NetworkMode === 'none' ? 'none' : 'reaches the internet, not other sandboxes', weak: host.NetworkMode !== 'none' },
    ],
    raw: { ...info, Config: { ...info.Config, Env: (info.Config.Env ?? []).map((line) => `${line.split('=', 1)[0]}=[left out]`) } },
  }
}

function userOf({ Config: { User } }: Docker.ContainerInspectInfo, agent: string | undefined): string {
  if (agent !== undefined) return `${agent}; the server as another, whom commands cannot end`
  return User === '' ? 'the image’s own user' : User
}

function privileges({ CapDrop, CapAdd }: Docker.HostConfig, agent: string | undefined, asRoot: boolean): string {
  const dropped = CapDrop ?? []
  if (!dropped.includes('ALL')) return `${dropped.length} capabilities dropped`
  if (asRoot) return `all capabilities dropped but ${(CapAdd ?? []).map((name: string) => name.replace(/^CAP_/, '').toLowerCase()).join(', ')}`
  return agent === undefined ? 'all capabilities dropped' : 'commands have no capability'
}

/**
 * After an unpause that returned 204, Docker 20.10 sometimes goes on saying “is paused” for up to about 90 ms (it learns
 * of it by an event). So a 409 is asked again for this long before it is believed.
 */
const staleMs = 300

/** Pauses or unpauses; returns when the engine itself reports the new state. In that state already is fine. */
async function setPaused(engine: Engine, clock: Clock, ref: string, paused: boolean): Promise<void> {
  const doing = paused ? 'pause a sandbox' : 'unpause a sandbox'
  const container = engine.docker.getContainer(ref)
  const deadline = clock.now() + staleMs
  for (;;) {
    const done = await engine.call<boolean>(
      doing,
      15_000,
      async (abortSignal) => {
        await (paused ? container.pause({ abortSignal }) : container.unpause({ abortSignal }))
        return true
      },
      { answers: { 404: () => lost('it is gone'), 409: already, 500: already } },
    )
    if (done || clock.now() > deadline) break
    await clock.sleep(25)
  }
  for (const last = clock.now() + 5_000; ;) {
    const state = await engine.call<{ Paused: boolean; Running: boolean }>(
      'look at a sandbox',
      10_000,
      async (abortSignal) => (await container.inspect({ abortSignal })).State,
      { idempotent: true, answers: { 404: () => lost('it is gone') } },
    )
    if (!state.Running) lost('it has ended')
    if (state.Paused === paused) return
    if (clock.now() > last) {
      throw fail('ENGINE_FAILED', `The container engine could not ${doing}: it says that it did, but the state is unchanged`, {
        next: 'Try again; the engine’s own log says more.',
      })
    }
    await clock.sleep(10)
  }

  function already({ text }: { text: string }): boolean {
    if (/is already paused|is not paused/i.test(text)) return false
    if (/not running|is restarting/i.test(text)) return lost('it has ended')
    throw fail('ENGINE_FAILED', `The container engine could not ${doing}: ${text}`, { next: 'The engine’s own log says more.' })
  }
}

function lost(why: string): never {
  throw fail('SANDBOX_LOST', `The sandbox cannot be paused or woken: ${why}`, { next: 'Acquire again; the files of the thread are still there.' })
}

/** Gives a container another name; one that has it already is fine, as an answer may have been lost. */
async function renameContainer(engine: Engine, ref: string, name: string): Promise<void> {
  const container = engine.docker.getContainer(ref)
  const done = await engine.call<boolean>(
    'rename a sandbox',
    15_000,
    async (abortSignal) => {
      await container.rename({ name, abortSignal })
      return true
    },
    { answers: { 400: () => false, 404: gone, 409: () => false, 500: gone } },
  )
  if (done) return
  const info = await engine.call('look at a sandbox', 10_000, (abortSignal) => container.inspect({ abortSignal }), { idempotent: true, answers: { 404: gone } })
  if (info.Name !== `/${name}`) {
    throw fail('NAME_TAKEN', `The container name ${name} is taken`, {
      next: `See whose it is: \`docker inspect ${name}\`. Remove that container, or set another \`container_prefix\`.`,
      details: { name },
    })
  }
}

function gone({ status, text }: Refusal): never {
  if (status === 404 || /no such container|marked for removal/i.test(text)) {
    throw fail('SANDBOX_LOST', 'The sandbox cannot be renamed: it is gone', { next: 'Acquire again; the files of the thread are still there.' })
  }
  throw fail('ENGINE_FAILED', `The container engine could not rename a sandbox: ${text}`, { next: 'The engine’s own log says more.' })
}

/** What is used of the engine's answer to `GET /containers/{id}/stats` (API 1.41). */
interface Stats {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } }
  readonly memory_stats?: { readonly usage?: number; readonly limit?: number; readonly stats?: Readonly<Record<string, number>> }
  readonly pids_stats?: { readonly current?: number }
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>
  readonly blkio_stats?: { readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null }
}

/** One sample. `one-shot`: without it the engine waits a second for a second one. */
async function readUsage(engine: Engine, ref: string): Promise<UsageSample | null> {
  const stats = await engine.call<Stats | null>(
    'measure a sandbox',
    10_000,
    async (abortSignal) =>
      (await engine.docker.getContainer(ref).stats({ stream: false, 'one-shot': true, abortSignal } as { stream: false })) as unknown as Stats,
    { idempotent: true, answers: { 404: () => null, 409: () => null } },
  )
  return stats && sampleOf(stats, totalmem())
}

/** The engine's numbers as ours. Without a limit it names the whole machine's memory. */
export function sampleOf(stats: Stats, machineMemory: number): UsageSample {
  const { usage, limit, stats: kinds = {} } = stats.memory_stats ?? {}
  // Pages that the kernel drops when it needs room; the name differs between cgroup v2 and v1.
  const cache = kinds['inactive_file'] ?? kinds['total_inactive_file'] ?? 0
  const nets = stats.networks === undefined ? null : Object.values(stats.networks)
  const disk = stats.blkio_stats?.io_service_bytes_recursive ?? null
  const total = (op: string) => disk && disk.filter((row) => row.op.toLowerCase() === op).reduce((sum, row) => sum + row.value, 0)
  const cpu = stats.cpu_stats?.cpu_usage?.total_usage
  return {
    cpuMs: cpu === undefined ? null : cpu / 1e6,
    memory: usage === undefined ? null : Math.max(0, usage - cache),
    memoryLimit: limit === undefined || limit >= machineMemory ? null : limit,
    pids: stats.pids_stats?.current ?? null,
    netIn: nets && nets.reduce((sum, net) => sum + net.rx_bytes, 0),
    netOut: nets && nets.reduce((sum, net) => sum + net.tx_bytes, 0),
    diskRead: total('read'),
    diskWritten: total('write'),
  }
}
