import { fail } from '../../shared/errors.ts'
import type { EngineEvent, Found, Mount, Owner, SandboxSpec } from '../../main/backends/backend.ts'
import type { Seeded } from './seeded.ts'
import type { SimTime } from './sim-clock.ts'
import { simFaults, type SimFaults } from './sim-faults.ts'

/** Who did something to a container; invariants forgive what an outsider did and Berth could not yet know. */
export type Actor = 'berth' | 'outsider' | 'fault'

export interface SimContainer {
  readonly ref: string
  name: string
  /** null: a stranger's, without any label of Berth's. */
  readonly owner: Owner | null
  readonly spec: SandboxSpec | null
  readonly mounts: readonly Mount[]
  /** What each mount really is: resolved when it was started, and the same wherever the directory is moved. */
  readonly bound: Map<string, Map<string, string>>
  readonly createdAt: number
  state: Found['state']
  /** Another word at every start; null: never started. */
  startedAt: string | null
  url: string | null
  exitCode: number | null
  /** When the server in it answers, and when a command really runs; Infinity: never. */
  listensAt: number
  usableAt: number
  /** Runs, as far as the engine knows, and answers nothing. */
  hung: boolean
  /** Commands running inside, by number, with what they are. */
  readonly commands: Map<number, string>
  lastClientAt: number
  /** Its own log, line by line. */
  readonly lines: { readonly at: string; readonly text: string }[]
  /** When somebody other than Berth last meddled with it, in world time; -Infinity if never. */
  touchedAt: number
  /** Called when its state changed. */
  readonly changed: Set<() => void>
}

/** One change that really happened to a container. */
export interface Effect {
  readonly kind: 'create' | 'start' | 'die' | 'remove' | 'pause' | 'unpause'
  readonly container: SimContainer
  readonly by: Actor
}

type ContainerEvent = Extract<EngineEvent, { ref: string }>['type']

/** The world outside of Berth: an engine with its containers, and directories. It outlives every program in it. */
export interface SimWorld {
  readonly time: SimTime
  readonly random: Seeded
  readonly faults: SimFaults
  readonly log: string[]
  readonly containers: Map<string, SimContainer>
  /** Content by path, of each directory that is mounted, by its host path. */
  readonly directories: Map<string, Map<string, string>>
  /** Symbolic links to directories, by path. */
  readonly links: Map<string, string>
  readonly images: Set<string>
  readonly lag: { boot: [number, number]; call: [number, number]; stop: [number, number] }
  trace(line: string): void
  engineUp(): boolean
  /** Since when it has answered without a break, in world time. */
  engineSince(): number
  /** `killing`: the containers end with it, as they do without live-restore. */
  setEngine(up: boolean, killing: boolean): void
  byName(name: string): SimContainer | undefined
  byUrl(url: string): SimContainer | undefined
  create(spec: SandboxSpec, owner: Owner): SimContainer
  stranger(name: string): SimContainer | null
  start(ref: string, by: Actor): void
  die(ref: string, exitCode: number, by: Actor): void
  remove(ref: string, by: Actor): void
  rename(ref: string, name: string): void
  pause(ref: string, by: Actor): void
  unpause(ref: string, by: Actor): void
  hang(ref: string): void
  /** A line into the container's own log, stamped as the engine stamps it; nothing if it is gone. */
  say(ref: string, text: string): void
  onEffect(listener: (effect: Effect) => void): void
  /** Every engine event, in order, at the moment it happens; a stream adds its own delay and losses. */
  subscribe(listener: (event: EngineEvent) => void): () => void
}

export function simWorld(time: SimTime, random: Seeded): SimWorld {
  const containers = new Map<string, SimContainer>()
  const effects: ((effect: Effect) => void)[] = []
  const streams = new Set<(event: EngineEvent) => void>()
  const log: string[] = []
  const trace = (line: string): void => {
    log.push(`${time.now().toFixed(2).padStart(11)} ${line}`)
  }
  let up = true
  let since = 0

  const happened = (kind: Effect['kind'], container: SimContainer, by: Actor, event: ContainerEvent | null): void => {
    trace(`  ${by} ${kind} ${container.name} ${container.ref.slice(0, 6)}`)
    if (by !== 'berth') container.touchedAt = time.now()
    for (const run of [...container.changed]) run()
    for (const run of effects) run({ kind, container, by })
    if (event !== null) for (const run of [...streams]) run({ type: event, ref: container.ref, name: container.name })
  }
  const get = (ref: string): SimContainer => {
    const found = containers.get(ref)
    if (found) return found
    throw fail('ENGINE_FAILED', `No such container: ${ref}`, { next: 'List the sandboxes again.' })
  }
  const freeUrl = (): string => {
    const used = new Set([...containers.values()].map((it) => it.url))
    // Few ports, so that a container often gets the port of one that was there before it.
    for (;;) {
      const url = `http://127.0.0.1:${random.int(32_768, 32_768 + 2 * used.size + 3)}`
      if (!used.has(url)) return url
    }
  }
  const add = (name: string, owner: Owner | null, spec: SandboxSpec | null): SimContainer => {
    if (world.byName(name)) {
      throw fail('NAME_TAKEN', `The container name ${name} is taken`, { next: 'Remove that container, or use another container_prefix.' })
    }
    const container: SimContainer = {
      ref: random.hex(64),
      name,
      owner,
      spec,
      mounts: spec?.mounts ?? [],
      bound: new Map(),
      createdAt: time.wall(),
      state: 'created',
      startedAt: null,
      url: null,
      exitCode: null,
      listensAt: Infinity,
      usableAt: Infinity,
      hung: false,
      commands: new Map(),
      lastClientAt: time.now(),
      lines: [],
      touchedAt: -Infinity,
      changed: new Set(),
    }
    containers.set(container.ref, container)
    return container
  }
  const end = (container: SimContainer, exitCode: number): void => {
    Object.assign(container, { state: 'exited', url: null, exitCode, listensAt: Infinity, usableAt: Infinity, hung: false })
    container.commands.clear()
  }

  const world: SimWorld = {
    time,
    random,
    log,
    containers,
    trace,
    faults: simFaults(random.fork('faults'), trace),
    directories: new Map(),
    links: new Map(),
    images: new Set(),
    lag: { boot: [20, 400], call: [0.2, 6], stop: [5, 3000] },
    engineUp: () => up,
    engineSince: () => since,
    setEngine: (to, killing) => {
      if (up === to) return
      up = to
      since = time.now()
      trace(to ? 'engine up' : `engine down${killing ? ', containers end' : ''}`)
      if (killing) for (const it of containers.values()) if (it.state === 'running' || it.state === 'paused') world.die(it.ref, 137, 'fault')
      for (const run of [...streams]) run(to ? { type: 'back' } : { type: 'lost', reason: 'the engine is down' })
    },
    byName: (name) => [...containers.values()].find((it) => it.name === name),
    byUrl: (url) => [...containers.values()].find((it) => it.url === url),
    create: (spec, owner) => {
      const missing = spec.mounts.find((mount) => !world.directories.has(mount.source))
      if (missing) {
        throw fail('MOUNT_MISSING', `The directory ${missing.source} does not exist`, { next: 'Make it, or take it out of the mounts.' })
      }
      const container = add(spec.name, owner, spec)
      happened('create', container, 'berth', null)
      return container
    },
    stranger: (name) => {
      if (world.byName(name)) return null
      const container = add(name, null, null)
      container.state = 'running'
      happened('create', container, 'outsider', null)
      return container
    },
    start: (ref, by) => {
      const container = get(ref)
      if (container.state === 'running' || container.state === 'paused') return
      for (const { source, target } of container.mounts) {
        const directory = world.directories.get(world.links.get(source) ?? source)
        if (directory === undefined) throw fail('MOUNT_MISSING', `The directory ${source} does not exist`, { next: 'Make it.' })
        container.bound.set(target, directory)
      }
      container.state = 'running'
      container.exitCode = null
      container.startedAt = `${container.ref.slice(0, 6)} ${time.now()} ${random.hex(4)}`
      container.url = freeUrl()
      container.listensAt = time.now() + random.between(...world.lag.boot)
      world.say(ref, 'listening')
      container.usableAt = container.listensAt + (random.chance(0.3) ? random.between(0, 200) : 0)
      happened('start', container, by, 'start')
    },
    die: (ref, exitCode, by) => {
      const container = get(ref)
      if (container.state !== 'running' && container.state !== 'paused') return
      end(container, exitCode)
      happened('die', container, by, 'die')
    },
    remove: (ref, by) => {
      const container = containers.get(ref)
      if (container === undefined) return
      world.die(ref, 137, by)
      containers.delete(ref)
      happened('remove', container, by, 'destroy')
    },
    rename: (ref, name) => {
      const container = containers.get(ref)
      if (container === undefined) throw fail('SANDBOX_LOST', `No such container: ${ref}`, { next: 'Acquire again.' })
      if (container.name === name) return
      if (world.byName(name))
        throw fail('NAME_TAKEN', `The container name ${name} is taken`, { next: 'Remove that container, or use another container_prefix.' })
      trace(`  berth rename ${container.name} ${name}`)
      container.name = name
    },
    pause: (ref, by) => {
      const container = get(ref)
      if (container.state !== 'running') throw fail('ENGINE_FAILED', `${container.name} is not running`, { next: 'List the sandboxes again.' })
      container.state = 'paused'
      happened('pause', container, by, 'pause')
    },
    unpause: (ref, by) => {
      const container = get(ref)
      if (container.state !== 'paused') throw fail('ENGINE_FAILED', `${container.name} is not paused`, { next: 'List the sandboxes again.' })
      container.state = 'running'
      happened('unpause', container, by, 'unpause')
    },
    hang: (ref) => {
      const container = get(ref)
      if (container.state !== 'running') return
      container.hung = true
      container.touchedAt = time.now()
      trace(`  fault hang ${container.name} ${ref.slice(0, 6)}`)
    },
    say: (ref, text) => void containers.get(ref)?.lines.push({ at: new Date(time.wall()).toISOString(), text }),
    onEffect: (listener) => effects.push(listener),
    subscribe: (listener) => {
      streams.add(listener)
      return () => streams.delete(listener)
    },
  }
  return world
}
