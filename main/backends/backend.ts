import type { Config } from '../../shared/config.ts'
import type { BackendKind, Isolation, Progress } from '../../shared/sandbox.ts'
import type { KindTraits } from '../../shared/backends.ts'

/** A bind as the engine sees it: `source` is a host path, already checked and existing. */
export interface Mount {
  readonly source: string
  readonly target: string
  readonly readonly: boolean
}

/** Whose containers are ours: both must match. Passed to a backend when it is made. */
export interface Owner {
  readonly installation: string
  readonly home: string
}

/** All that a backend needs to make one sandbox. */
export interface SandboxSpec {
  readonly id: string
  readonly user: string
  readonly thread: string | null
  readonly name: string
  readonly image: string
  /** SANDBOX_API_KEY of this sandbox; `nonce` is the label from which it is derived again after a restart. */
  readonly key: string
  readonly nonce: string
  readonly mounts: readonly Mount[]
  readonly environment: Readonly<Record<string, string>>
  readonly resources: Config['resources']
  /** Whom its programs are to run as, where the backend can choose. */
  readonly runsAs: Config['user']
  readonly port: number | null
  /** Hash of what makes a warm sandbox outdated: image, mounts, environment, limits. */
  readonly configHash: string
  /** Set for a slot: it is started for no thread, so it is labelled with this instead of `id`, `user` and `thread`. */
  readonly slot?: string | undefined
}

/** A sandbox as the engine reports it. `id`, `user`, `nonce`, ... are null where it carries no such label. */
export interface Found {
  readonly ref: string
  readonly name: string
  readonly state: 'created' | 'running' | 'paused' | 'exited'
  readonly owner: 'ours' | 'other-home' | 'other-installation' | 'stranger'
  readonly id: string | null
  readonly user: string | null
  readonly thread: string | null
  readonly nonce: string | null
  readonly configHash: string | null
  /** Version of Berth that made it. */
  readonly version: string | null
  readonly image: string | null
  readonly createdAt: number
  readonly url: string | null
  readonly exitCode: number | null
  readonly mounts: readonly Mount[]
  /** Which slot it was started as; absent where it was started for its thread. */
  readonly slot?: string | undefined
  /** Ours, but what must be known of it is lost: of no use but to be removed. */
  readonly leftover?: true
}

/** What a sandbox has used so far, or uses now. null: this engine does not tell. */
export interface UsageSample {
  /** Milliseconds of CPU time since it began. */
  readonly cpuMs: number | null
  /** Bytes, without what the kernel would give back at once. */
  readonly memory: number | null
  readonly memoryLimit: number | null
  readonly pids: number | null
  readonly netIn: number | null
  readonly netOut: number | null
  readonly diskRead: number | null
  readonly diskWritten: number | null
}

/** A sandbox as its engine has it, in its own words and in ours; nothing secret in it. */
export interface Description {
  readonly imageId: string | null
  readonly limits: { readonly memory: number | null; readonly cpus: number | null; readonly pids: number | null }
  readonly isolation: readonly { readonly name: string; readonly value: string; readonly weak: boolean }[]
  readonly raw: unknown
}

/** `names`: by which Berth has it; the engine may have others for it, which are not Berth's to take. */
export interface ShelfImage {
  readonly id: string
  readonly names: readonly string[]
  readonly bytes: number
  readonly createdAt: number
}

export interface ImageShelf {
  /** Those that Berth made, and those of these names. */
  list(used: readonly string[]): Promise<readonly ShelfImage[]>
  /** The id of the image that this name means now; null: none. */
  idOf(image: string): Promise<string | null>
  /** Takes these names off it, and the image with the last one. THREAD_IN_USE where a container is made of it. */
  remove(id: string, names: readonly string[]): Promise<void>
  /** Ends a preparation for all who wait for it, with CANCELLED. */
  cancel(image: string): void
}

export interface EngineFacts {
  readonly name: string
  readonly version: string
}

/** What the engine did. `lost` and `back` are about the stream itself: between them nothing was seen. */
export type EngineEvent =
  | { readonly type: 'start' | 'destroy' | 'pause' | 'unpause' | 'oom'; readonly ref: string; readonly name: string }
  | { readonly type: 'die'; readonly ref: string; readonly name: string; readonly exitCode?: number }
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'back' }

export interface EngineWatch {
  /** Connected, a ping answered within 5 s, no clock gap since: then an acquire needs no inspect. */
  healthy(): boolean
  close(): void
}

/** `at`: when it was written (ISO 8601, UTC, milliseconds), by the clock of whoever keeps the log; null where that is not known. */
export interface LoggedLine {
  readonly at: string | null
  readonly text: string
}

/** What a backend can do: of its kind, and of the engine that it met. */
export interface Traits extends KindTraits {
  /** A sandbox can be paused; an engine that cannot says NOT_SUPPORTED when it is asked first. */
  readonly pause: boolean
  /** Its sandboxes know no key of ours: the address carries what is needed, if anything. */
  readonly keyless: boolean
}

/**
 * What provisions. It decides nothing: the provider does. Every method throws a BerthError; ENGINE_UNREACHABLE means
 * unknown, never gone. `null` and an absent row mean that the engine itself said there is none.
 */
export interface Backend {
  readonly kind: BackendKind
  readonly isolation: Isolation
  readonly traits: Traits
  /** Name and version, within 5 s. */
  facts(): Promise<EngineFacts>
  /** Everything labelled as this installation's and this home's, in any state. */
  list(): Promise<Found[]>
  /** By name; strangers too, so that a taken name can be told from a free one. */
  inspect(name: string): Promise<Found | null>
  /** Whether `prepare` would have nothing to do. */
  prepared(image: string): Promise<boolean>
  /** Makes the image present: pull or build, with progress, ended by the signal. Shared by concurrent callers. */
  prepare(image: string, report: (progress: Progress) => void, signal: AbortSignal): Promise<void>
  /** Makes and starts; started is not ready. On any failure, abort included, nothing is left. NAME_TAKEN if the name is. */
  create(spec: SandboxSpec, signal: AbortSignal): Promise<Found>
  /** Ends and removes this very container (`ref`, not the name); resolves when the engine says it is gone. Gone already is fine. */
  remove(ref: string, graceSeconds: number): Promise<void>
  /** Another name for this very container; NAME_TAKEN if it is, SANDBOX_LOST if the container is gone. That name already is fine. */
  rename(ref: string, name: string): Promise<void>
  /** Differs once the container was started again, whose binds are then resolved anew; null: it is gone. */
  startedAt(ref: string): Promise<string | null>
  pause(ref: string): Promise<void>
  unpause(ref: string): Promise<void>
  /** The container's own log, line by line. */
  logs(ref: string, options: { tail: number; follow: boolean; signal: AbortSignal }): AsyncIterable<LoggedLine>
  watch(listener: (event: EngineEvent) => void): EngineWatch
  /** One sample, cheap enough for once a second; null: it is gone. Absent where this backend cannot measure. */
  usage?(ref: string): Promise<UsageSample | null>
  /** For a person who wants to know exactly; null: it is gone. */
  describe?(ref: string): Promise<Description | null>
  /**
   * Whom the files that sandboxes make belong to on this machine; null: whoever runs Berth, or nobody can say. Absent: the
   * former, always.
   */
  filesOwner?(runsAs: Config['user']): Promise<{ readonly uid: number; readonly gid: number } | null>
  /** Absent: this backend has none. */
  readonly images?: ImageShelf
  close(): Promise<void>
}

/**
 * Variables for an agent's commands, as the lite server takes them: under names of their own, so that none of them sets up
 * the server itself or the Node that runs it. `settings.ts` of the server takes the prefix off again.
 */
export function forCommands(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [`BERTH_ENV_${name}`, value]))
}
