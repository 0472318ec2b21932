import { createHash, randomBytes } from 'node:crypto'
import type { BerthError } from '../../shared/errors.ts'
import type { NewEvent } from '../../shared/events.ts'
import type { Backend, Mount } from '../backends/backend.ts'
import { bootClock, type Clock } from '../base/clock.ts'
import { configHash } from '../house/config/config-hash.ts'
import type { LoadedConfig } from '../house/config/load-config.ts'
import { containerId, sandboxKey } from '../house/home/generations.ts'
import type { FileLocks } from '../house/home/file-lock.ts'
import { leaseFiles } from '../house/home/lease-files.ts'
import type { Home } from '../house/home/open-home.ts'
import { writeAtomic } from '../base/write-atomic.ts'
import { makeProvider, type ProviderCore } from '../core/provider.ts'
import type { ClaimSteps } from '../core/slot-claim.ts'
import { openSandbox } from '../sandbox/open-sandbox.ts'
import { readiness } from '../sandbox/readiness.ts'
import { version } from '../base/version.ts'
import { slotFiles } from '../house/workspace/slot-files.ts'
import { makeWorkspace } from '../house/workspace/workspace.ts'
import type { Config } from '../../shared/config.ts'
import type { ExtraMount, Extras } from '../core/deps.ts'

/** Another process that makes the same thread's sandbox takes at most a boot. */
const lockWaitMs = 120_000

/** The provider with its effects: files in the home, HTTP to sandboxes, the system's clocks and randomness. */
export function provide(deps: {
  backend: Backend
  config: () => LoadedConfig
  home: Home
  env: NodeJS.ProcessEnv
  locks: FileLocks
  clock: Clock
  publish: (event: NewEvent) => void
  /** Why nothing may be started on this engine, or null. */
  problem: () => BerthError | null
  aroundClaim?: ((steps: ClaimSteps) => ClaimSteps) | undefined
}): ProviderCore {
  const { backend, home, clock, publish } = deps
  /** Its sandboxes' files are on another machine, which derives their places from user and thread. */
  const elsewhere = !backend.traits.local
  const warned = new Set<string>()
  // An engine that is away cannot say; files are brought back without it, and given to their owner at the next start.
  const owner = async () => (await backend.filesOwner?.(deps.config().config.user).catch(() => null)) ?? null
  const workspaceOf = memo((loaded: LoadedConfig) =>
    makeWorkspace({
      home,
      owner,
      env: deps.env,
      overrides: loaded.overrides,
      config: () => loaded.config,
      // The same one comes with every acquire; it is told once.
      warn: (text) => {
        if (!warned.has(text)) publish({ type: 'berth.problem', who: 'berth:workspace', text })
        warned.add(text)
      },
    }),
  )
  const files = slotFiles(home, owner)
  const workspace = () => workspaceOf(deps.config())
  const hash = memo((loaded: LoadedConfig) =>
    elsewhere ? remoteHash(loaded.config) : configHash(loaded.config, { secret: home.secret, version, overrides: loaded.overrides }),
  )
  return makeProvider({
    backend,
    clock,
    publish,
    config: () => deps.config().config,
    configHash: () => hash(deps.config()),
    idOf: containerId,
    randomId: () => randomBytes(8).toString('hex'),
    keyOf: (nonce) => (backend.traits.keyless ? null : sandboxKey(home.secret, nonce)),
    async mountsOf(place, extras) {
      const problem = deps.problem()
      if (problem) throw problem
      return elsewhere ? remoteMounts(deps.config().config) : await workspace().mountsOf(place, extras)
    },
    slots: elsewhere ? null : files,
    async slotMountsOf(slot) {
      const problem = deps.problem()
      if (problem) throw problem
      return await workspace().slotMountsOf(files.userDataOf(slot))
    },
    slotSourceOf: (slot) => workspace().engineView(files.userDataOf(slot)),
    aroundClaim: deps.aroundClaim,
    extrasOf: (place, wanted) => (elsewhere ? Promise.resolve(noRemoteExtras(wanted)) : workspace().extrasOf(place, wanted)),
    userDataOf: (place) => (elsewhere ? Promise.resolve(null) : workspace().userDataOf(place)),
    discard: (place) => workspace().discard(place),
    openSandbox: (address) => openSandbox({ address, clock }),
    ready: (api, { signal, timeoutMs }) => readiness(api, { signal, timeoutMs, clock }),
    leases: leaseFiles(home.paths.leases, {
      // Sandboxes do not outlive the power either.
      write: (path, text) => writeAtomic(path, text, { mode: 0o600, sync: false }),
      problem: (text) => publish({ type: 'berth.problem', who: 'berth:leases', text }),
      later: (ms, run) => clock.timer(ms, run),
    }),
    lock: (id, signal) => deps.locks.take(id, { signal, waitMs: lockWaitMs }),
    uptime: bootClock(),
  })
}

/** Hashing a large configuration for every acquire would cost; it changes when a new one is loaded. */
function memo<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const made = new WeakMap<K, V>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined) return known
    const value = make(key)
    made.set(key, value)
    return value
  }
}

/**
 * What a provisioner is asked to mount beside the thread's own files: the configured mounts, whose host paths are its
 * machine's. Nobody can look there from here, so it alone checks them, and refuses.
 */
function remoteMounts(config: Pick<Config, 'mounts'>): Mount[] {
  return config.mounts.map((mount) => ({ source: mount.host_path, target: mount.container_path, readonly: mount.read_only }))
}

/** Another value means that a sandbox made now would be another one: only what is sent counts, as the rest is not ours to choose. */
function remoteHash(config: Pick<Config, 'mounts'>): string {
  return createHash('sha256')
    .update(JSON.stringify(remoteMounts(config)))
    .digest('hex')
    .slice(0, 32)
}

/** What a caller wants mounted besides is on its own machine or on this one, and the sandbox is on neither: left out, and said. */
function noRemoteExtras(wanted: readonly ExtraMount[]): Extras {
  const warnings = wanted.map(({ hostPath, containerPath }) => `Sandboxes are on another machine, so ${hostPath} is not mounted at ${containerPath}`)
  return { mounts: [], hash: '', warnings }
}
