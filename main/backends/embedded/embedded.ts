import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { Backend, Description, EngineEvent, Found, Owner, SandboxSpec } from '../backend.ts'
import { fail } from '../../../shared/errors.ts'
import { bwrapArgs, inside, type RootPlan, sandboxEnvironment } from './bwrap-args.ts'
import { type Child, startChild } from './child.ts'
import { bareEnvironment, calledOff, checkMounts, foundPortTaken, freePort, limited, listening, portsTaken, unenforced, writeEtc } from './starting.ts'
import { bareName, ownerMark, startGuard, sweepBare, sweepOrphans, usageReader } from './processes.ts'
import { removeTree } from '../../base/remove-tree.ts'
import { isolationMissing, probeIsolation } from './isolation.ts'
import { backendKinds } from '../../../shared/backends.ts'

/** How often a port that was free is found taken before that is an error: each time somebody else was quicker. */
const portTries = 20

export interface EmbeddedOptions {
  readonly owner: Owner
  readonly version: string
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isolation: 'auto' | 'bubblewrap' | 'none'
  /** Path of a Node 24 on this machine. */
  readonly node: string
  /** The lite server: one bundled `.mjs`, or `entry.ts` in its tree. */
  readonly server: string
  /** A directory of this engine alone, for a few small files. */
  readonly runDir: string
}

export interface EmbeddedBackend extends Backend {
  /** Which of these limits this backend cannot hold a sandbox to, in words. */
  unenforced(resources: SandboxSpec['resources']): string[]
}

interface Entry {
  readonly spec: SandboxSpec
  readonly child: Child
  found: Found
  removing: Promise<void> | null
}

/**
 * Sandboxes as children of this process, in bubblewrap. They live and die with the engine, so what this process
 * remembers is all there is. ISOLATION_MISSING where bubblewrap does not work and the configuration does not
 * say in so many words that nothing need be isolated.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedBackend> {
  const { clock, owner } = options
  const jail = options.isolation === 'none' ? null : await openJail(options)
  await mkdir(options.runDir, { recursive: true, mode: 0o700 })
  if (jail) await writeEtc(jail.etcDir, jail.userNamespace)
  const bare = join(options.runDir, 'bare')
  if (process.platform === 'linux') sweepOrphans(owner.installation)
  // Nobody waits for it: what is in it may be much.
  const swept = process.platform === 'linux' ? sweepBare(bare) : Promise.resolve()
  const argv0 = process.platform === 'linux' ? ownerMark(owner.installation, process.pid) : 'berth-sandbox'
  const guard = process.platform === 'linux' ? startGuard(argv0) : null

  /** By name. null: being started. */
  const entries = new Map<string, Entry | null>()
  const starting = new Set<Promise<unknown>>()
  const watchers = new Set<(event: EngineEvent) => void>()
  const closing = new AbortController()
  const measure = usageReader(() => clock.now())
  const tell = (event: EngineEvent) => {
    for (const watcher of [...watchers]) watcher(event)
  }
  const all = () => [...entries.values()].filter((entry) => entry !== null)
  const byRef = (ref: string) => all().find((entry) => entry.found.ref === ref)
  const known = (ref: string): Entry => {
    const entry = byRef(ref)
    if (entry) return entry
    throw fail('SANDBOX_NOT_FOUND', `There is no sandbox ${ref} on the embedded backend.`, {
      next: 'Acquire the thread again.',
    })
  }

  async function launch(spec: SandboxSpec, port: number): Promise<Child> {
    const common = { argv0, key: spec.key }
    const environment = { ...sandboxEnvironment(spec.environment, port, 0, inside.home), BERTH_VERSION: options.version }
    if (jail) {
      const { node, entry } = jail.host.server
      const args = limited([node, entry], spec.resources, jail.userNamespace)
      const words = bwrapArgs(jail, spec.mounts, environment)
      return startChild({ ...common, program: jail.bwrap, args, env: {}, options: words }, clock)
    }
    // Its own, as whatever cannot be deleted of one must not be in the next.
    const home = join(bare, bareName(spec.name))
    await mkdir(home, { recursive: true })
    const env = { ...environment, ...bareEnvironment(spec, home, options.env['PATH']) }
    const child = startChild({ ...common, program: options.node, args: [options.server], env, options: null }, clock)
    // As with bubblewrap, only the mounts outlive a sandbox.
    return { ...child, gone: child.gone.then(async () => void (await removeTree(home))) }
  }

  async function start(spec: SandboxSpec, aborted: AbortSignal): Promise<Found> {
    const signal = AbortSignal.any([aborted, closing.signal])
    await checkMounts(spec)
    for (let [from, tries] = [spec.port, 1]; ; tries += 1) {
      const port = from === null ? 0 : await freePort(from, signal)
      if (signal.aborted) throw calledOff(spec)
      const child = await launch(spec, port)
      try {
        return admit(spec, child, await listening(child, spec, signal, clock))
      } catch (error) {
        child.kill()
        await child.gone
        // Somebody took it after it was found free.
        if (from === null || !foundPortTaken(child)) throw error
        if (tries === portTries) throw portsTaken(spec.port, error)
        from = port + 1
      }
    }
  }

  function admit(spec: SandboxSpec, child: Child, port: number): Found {
    const { name, nonce, configHash, image, mounts, slot } = spec
    const { id, user, thread } = slot === undefined ? spec : { id: null, user: null, thread: null }
    const found: Found = {
      ref: `${child.pid}-${randomBytes(8).toString('hex')}`,
      name,
      state: 'running',
      owner: 'ours',
      id,
      user,
      thread,
      nonce,
      configHash,
      version: options.version,
      image,
      mounts,
      createdAt: clock.wall(),
      url: `http://127.0.0.1:${port}`,
      exitCode: null,
      ...(slot === undefined ? {} : { slot }),
    }
    const entry: Entry = { spec, child, found, removing: null }
    entries.set(name, entry)
    tell({ type: 'start', ref: found.ref, name })
    void child.exited.then((exitCode) => {
      entry.found = { ...entry.found, state: 'exited', exitCode, url: null }
      tell({ type: 'die', ref: found.ref, name: entry.found.name, exitCode })
    })
    return found
  }

  async function end(entry: Entry, graceSeconds: number): Promise<void> {
    const { child } = entry
    // A frozen one goes by force: nobody uses it, and it could not answer.
    if (graceSeconds > 0 && entry.found.state === 'running') {
      child.stop()
      const graceOver = new AbortController()
      const grace = clock.sleep(graceSeconds * 1000, graceOver.signal).catch(() => {
        // The end came first and the sleep was called off.
      })
      await Promise.race([child.exited, grace])
      graceOver.abort()
    }
    child.kill()
    await child.gone
    if (entries.get(entry.found.name) === entry) entries.delete(entry.found.name)
    tell({ type: 'destroy', ref: entry.found.ref, name: entry.found.name })
  }

  return {
    kind: 'embedded',
    isolation: jail ? 'bubblewrap' : 'none',
    traits: {
      ...backendKinds.embedded,
      pause: jail !== null,
      keyless: false,
      noSlots: jail ? null : 'without isolation nothing is mounted, so a spare sandbox cannot be given to a thread',
    },
    facts: async () => (jail ? { name: 'bubblewrap', version: jail.version } : { name: 'no isolation', version: process.version }),
    unenforced: (resources) => unenforced(resources, jail?.userNamespace ?? false),
    list: async () => all().map((entry) => entry.found),
    inspect: async (name) => entries.get(name)?.found ?? null,
    prepared: async () => true,
    prepare: async () => {},
    async create(spec, signal) {
      if (signal.aborted) throw calledOff(spec)
      if (closing.signal.aborted) throw closed()
      if (entries.has(spec.name)) {
        throw fail('NAME_TAKEN', `There is a sandbox named ${spec.name} already.`, {
          next: 'Use that one, or destroy it first.',
        })
      }
      entries.set(spec.name, null)
      const work = start(spec, signal)
      starting.add(work)
      try {
        return await work
      } catch (error) {
        entries.delete(spec.name)
        throw error
      } finally {
        starting.delete(work)
      }
    },
    async remove(ref, graceSeconds) {
      const entry = byRef(ref)
      if (!entry) return
      entry.removing ??= end(entry, graceSeconds)
      await entry.removing
    },
    async rename(ref, name) {
      const entry = byRef(ref)
      if (!entry || entry.removing) throw fail('SANDBOX_LOST', 'The sandbox cannot be renamed: it is gone', { next: 'Acquire the thread again.' })
      if (entry.found.name === name) return
      if (entries.has(name)) throw fail('NAME_TAKEN', `There is a sandbox named ${name} already.`, { next: 'Use that one, or destroy it first.' })
      entries.delete(entry.found.name)
      entry.found = { ...entry.found, name }
      entries.set(name, entry)
    },
    startedAt: async (ref) => (byRef(ref) ? ref : null),
    async pause(ref) {
      const entry = known(ref)
      if (entry.found.state === 'paused') return
      await entry.child.freeze()
      if (entry.found.state !== 'running') throw lost(entry)
      entry.found = { ...entry.found, state: 'paused' }
      tell({ type: 'pause', ref, name: entry.found.name })
    },
    async unpause(ref) {
      const entry = known(ref)
      if (entry.found.state === 'exited') throw lost(entry)
      entry.child.thaw()
      if (entry.found.state !== 'paused') return
      entry.found = { ...entry.found, state: 'running' }
      tell({ type: 'unpause', ref, name: entry.found.name })
    },
    describe: async (ref) => {
      const entry = byRef(ref)
      return entry ? descriptionOf(entry.spec, jail !== null, jail?.userNamespace ?? false) : null
    },
    // Only one user of this machine is mapped: whoever runs Berth. A home that docker used may have given its files to another.
    filesOwner: async () => (process.geteuid && process.getegid ? { uid: process.geteuid(), gid: process.getegid() } : null),
    logs: (ref, reading) => known(ref).child.log.read(reading),
    usage: async (ref) => {
      const entry = byRef(ref)
      return entry && process.platform === 'linux' ? measure(entry.child.pid) : null
    },
    watch(listener) {
      // The events come from this very process: there is no stream that could break, only one that can be closed.
      const watcher = (event: EngineEvent) => listener(event)
      if (!closing.signal.aborted) watchers.add(watcher)
      return { healthy: () => watchers.has(watcher), close: () => void watchers.delete(watcher) }
    },
    async close() {
      watchers.clear()
      closing.abort()
      await Promise.allSettled(starting)
      await Promise.all(all().map((entry) => (entry.removing ??= end(entry, 0))))
      guard?.dismiss()
      await swept
    },
  }
}

/** What every sandbox of this backend has in common. */
interface Jail extends RootPlan {
  readonly bwrap: string
  readonly version: string
}

async function openJail(options: EmbeddedOptions): Promise<Jail> {
  const probe = await probeIsolation(options)
  if (!probe.works) throw isolationMissing(probe)
  const { bwrap, version, userNamespace, host } = probe
  const hidden = [options.owner.home, options.runDir]
  return { bwrap, version, userNamespace, host, etcDir: join(options.runDir, 'etc'), hidden }
}

function closed(): Error {
  return fail('SHUTTING_DOWN', 'The embedded backend is closed.', { next: 'Start Berth again.' })
}

function lost(entry: Entry): Error {
  return fail('SANDBOX_LOST', `${entry.found.name} has ended (exit code ${entry.found.exitCode}).`, {
    next: 'Acquire the thread again.',
  })
}

/** What keeps an embedded sandbox apart from this machine, and what does not. */
function descriptionOf(spec: SandboxSpec, jailed: boolean, userNamespace: boolean): Description {
  const { id, name, mounts, resources, environment } = spec
  return {
    imageId: null,
    limits: { memory: null, cpus: null, pids: !jailed || unenforced(resources, userNamespace).includes('pids') ? null : resources.pids },
    isolation: jailed
      ? [
          { name: 'Runs as', value: userNamespace ? 'you, in a user namespace of its own' : 'root without any capability', weak: !userNamespace },
          { name: 'Privileges', value: 'no new ones, all capabilities dropped', weak: false },
          { name: 'Files', value: 'this machine’s programs, read only; no home directories', weak: false },
          { name: 'Processes', value: 'sees only its own', weak: false },
          { name: 'Network', value: 'this machine’s own, loopback included', weak: true },
          { name: 'Limits', value: 'none of memory or CPU', weak: true },
        ]
      : [{ name: 'Everything', value: 'runs with your own rights: nothing is isolated', weak: true }],
    raw: { id, name, mounts, resources, environment: Object.keys(environment), bubblewrap: jailed, user_namespace: userNamespace },
  }
}
