import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import type { Clock } from '../../clock.ts'
import { makeGate } from '../../gate.ts'
import type { Log } from '../../log.ts'
import { fail } from '../../../shared/errors.ts'
import type { Backend, EngineWatch, Owner } from '../backend.ts'
import { agentUser } from './agent-user.ts'
import { findEndpoint } from './connect.ts'
import { describeContainer } from './describe.ts'
import { imageShelf } from './image/image-shelf.ts'
import { containerSpec } from './container-spec.ts'
import { createSandbox } from './creation.ts'
import { openEngine, type Engine } from './engine.ts'
import { askTraits, traitsReader } from './engine-traits.ts'
import { probeFiles } from './file-probe.ts'
import { fromInspect, fromListing } from './found.ts'
import { imageStore, type ImageStore } from './image/image-store.ts'
import type { LiteFiles } from './image/lite-recipe.ts'
import { sandboxFilter } from './labels.ts'
import { readLogs } from './logs.ts'
import { sandboxNetwork } from './network.ts'
import { setPaused } from './pausing.ts'
import { removeContainer } from './removal.ts'
import { renameContainer } from './renaming.ts'
import { readUsage } from './usage.ts'
import { watchEngine } from './watch.ts'

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
      const info = await engine.call(
        'look at a sandbox',
        10_000,
        (abortSignal) => engine.docker.getContainer(name).inspect({ abortSignal }),
        { idempotent: true, answers: { 404: () => null } },
      )
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
