import { createHash, randomBytes } from 'node:crypto'
import type { Backend, EngineEvent, EngineWatch, Found, SandboxSpec } from '../../main/backends/backend.ts'
import { systemClock } from '../../main/base/clock.ts'
import type { Talk } from './sandbox-talk.ts'

/** One backend under the contract suite, and what the suite may not know: how to act behind its back. */
export interface BackendSubject {
  readonly backend: Backend
  /** An image of this engine that is there or can be prepared, with the lite server in it. */
  readonly image: string
  /** What the backend was told to stamp on what it makes. */
  readonly version: string
  readonly talk: Talk
  /** A spec of a new key and name; overrides win. Use `newSpec`. */
  spec(overrides?: Partial<SandboxSpec>): SandboxSpec
  /** Another backend on the same engine whose owner differs from ours in one thing. Closed by `cleanup`. */
  neighbour(differs: 'home' | 'installation'): Promise<Backend>
  /** Ends the sandbox's main process with SIGKILL, not through the backend. */
  killOutside(found: Found): Promise<void>
  /** Makes the sandbox's main process (not a command in it) write this line to its own log. */
  say(found: Found, key: string, text: string): Promise<void>
  /** Removes whatever this subject made, closes the backends (closed already is fine), and says if something could not be removed. */
  cleanup(): Promise<void>
}

/** How backends may honestly differ. The suite then asserts the other behaviour; it skips nothing silently. */
export interface BackendTraits {
  /** False: `pause` and `unpause` fail with NOT_SUPPORTED and change nothing. */
  readonly pausable: boolean
  /** False: engines do not share their names (embedded); one never sees another's sandboxes at all. */
  readonly sharedNames: boolean
  /** False: the sandboxes end when the backend is closed (embedded). */
  readonly outlivesClose: boolean
  /** False: mounts and variables do not reach the sandbox (a simulated engine, a provisioner's dialect). */
  readonly real: boolean
  /**
   * Over a provisioner's dialect, which carries no keys, images, mounts and logs, and is polled. `keepsDead`: whether it
   * goes on listing a sandbox that ended by itself.
   */
  readonly dialect?: { readonly keepsDead: boolean }
}

/** Makes sandboxes for one test and takes them away after it, whatever the test did. */
export interface Making {
  readonly subject: BackendSubject
  create(overrides?: Partial<SandboxSpec>): Promise<{ found: Found; spec: SandboxSpec }>
  ready(overrides?: Partial<SandboxSpec>): Promise<{ found: Found; spec: SandboxSpec }>
  /** An empty directory of the host that sandboxes may mount. */
  directory(): Promise<string>
}

/** A spec with everything random that has to be: two specs never meet, neither do two runs of a suite. */
export function newSpec(prefix: string, image: string, overrides: Partial<SandboxSpec> = {}): SandboxSpec {
  const thread = `t-${randomBytes(6).toString('hex')}`
  const id = createHash('sha256').update(`default:${thread}`).digest('hex').slice(0, 16)
  return {
    id,
    user: 'default',
    thread,
    name: `${prefix}-${id}`,
    image,
    key: randomBytes(24).toString('hex'),
    nonce: randomBytes(8).toString('hex'),
    mounts: [],
    environment: {},
    resources: { memory: null, cpus: null, pids: 4096 },
    runsAs: 'auto',
    port: null,
    configHash: randomBytes(8).toString('hex'),
    ...overrides,
  }
}

export interface Recorder {
  readonly watch: EngineWatch
  /** Types of the events about this very container, in order. */
  of(ref: string): string[]
  /** Waits until an event of this type about this container is there; false when the time is over. */
  saw(ref: string, type: EngineEvent['type'], withinMs: number): Promise<boolean>
  count(): number
}

/** Everything that a watch reported, kept. */
export function recordEvents(backend: Backend): Recorder {
  const clock = systemClock()
  const events: EngineEvent[] = []
  const watch = backend.watch((event) => events.push(event))
  const of = (ref: string) => events.filter((event) => 'ref' in event && event.ref === ref).map((event) => event.type)
  return {
    watch,
    of,
    async saw(ref, type, withinMs) {
      const end = clock.now() + withinMs
      while (!of(ref).includes(type)) {
        if (clock.now() > end) return false
        await clock.sleep(5)
      }
      return true
    },
    count: () => events.length,
  }
}
