import type { Next } from '../../shared/next.ts'
import type { Acquired, Progress, Sandbox } from '../../shared/sandbox.ts'
import type { Key } from '../../shared/identity.ts'
import type { Selection } from '../../shared/select.ts'
import type { BerthError } from '../../shared/errors.ts'
import type { LoggedLine, Mount } from '../backends/backend.ts'
import type { Address, SandboxApi } from '../sandbox/sandbox-api.ts'
import type { ExtraMount } from './deps.ts'
import type { NotEnded, SlotCounts, SlotPool } from './slots-api.ts'

export interface AcquireRequest {
  readonly user: string
  /** null: anonymous. */
  readonly thread: string | null
  readonly holder: string
  /** Who asked, for the event log; default: the holder. */
  readonly who?: string | undefined
  /** Which client asked: what it makes without a thread is its own. Default: the holder. */
  readonly client?: string | undefined
  /** With `thread: null`: the id that the anonymous sandbox is to have; again the same one while it lives. */
  readonly anonymousId?: string | undefined
  /** Milliseconds: a new hold ends after this, unless the sandbox was used or acquired again in that time. */
  readonly provisionalMs?: number | undefined
  /** SANDBOX_NOT_FOUND instead of making one; one that no longer answers is gone then, too. */
  readonly onlyExisting?: boolean | undefined
  /** Binds beside the configured ones. A warm sandbox that has others is replaced, an active one stays as it is. */
  readonly extraMounts?: readonly ExtraMount[] | undefined
  /** Which program the holder is, by its own name: what people then see for it. */
  readonly program?: string | undefined
  /** Ends this caller's wait; the work itself ends when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined
  readonly report?: ((progress: Progress) => void) | undefined
}

export interface ShutdownReport {
  readonly destroyed: readonly string[]
  readonly failed: readonly NotEnded[]
}

/** Whose a sandbox is. */
export interface Owner {
  readonly user: string
  readonly thread: string | null
  /** Of an anonymous one the client that made it; null: not known, and of one that has a thread. */
  readonly client: string | null
}

/** A client inside a sandbox. It is work there: nothing is reaped or evicted under it. */
export interface Visit {
  readonly address: Address
  /** Aborts, with the reason, as soon as the container is known to have ended. */
  readonly lost: AbortSignal
  /** No longer a call with a client waiting for its answer: from now on a silence of `idle_timeout` ends what it counts for. */
  streaming(): void
  /** Bytes flowed. */
  touch(): void
  /** What a failure at the address really is: the engine is asked whether the container is still there. */
  explain(error: unknown): Promise<BerthError>
  /** Idempotent. */
  leave(): void
}

/** Who has which sandbox. Every method throws BerthErrors only. `who` goes into the event log. */
export interface Provider {
  acquire(request: AcquireRequest): Promise<Acquired>
  /** SANDBOX_NOT_FOUND where there is none. Not activity. */
  get(selection: Selection): Sandbox
  /**
   * Somebody will soon need this thread's sandbox: it is made ready in the background, unless there is no place for it, and
   * goes quietly if nobody comes.
   */
  hint(key: { user: string; thread: string }, who: string): { state: 'ready' | 'starting' | 'refused'; reason: string | null }
  /** Sandboxes that wait for a thread. */
  spares(): SlotCounts
  /** The same, one by one. */
  readonly slots: SlotPool
  /** As it is; null where there is none. Not activity. */
  peek(id: string): Sandbox | null
  /** What is mounted into it; null where there is none. */
  mountsOf(id: string): readonly Mount[] | null
  /**
   * Hears of every change of an entry, small ones included, in the tick in which it happens; null: the line of those who wait
   * for a place has changed. Ends by what it gives back.
   */
  onChange(listener: (id: string | null) => void): () => void
  /** What the pool does next. `answers`: whether what runs sandboxes can be asked now. */
  next(answers: boolean): Next
  /** What capacity counts, and how many acquires wait for a place. */
  tally(): { readonly replicas: number; readonly counted: number; readonly waiting: number }
  /** null where there is none. */
  ownerOf(id: string): Owner | null
  /** Whose a sandbox was that is no longer there; null: not known. */
  departed(id: string): Key | null
  list(): { sandboxes: Sandbox[]; replicas: number; counted: number }
  release(selection: Selection, holder: string, who?: string): Promise<{ released: boolean; sandbox: Sandbox | null }>
  /** `onlyIfIdle`: not while a command runs in it; the sandbox itself is asked. */
  destroy(selection: Selection, options: { who: string; onlyIfUnheld: boolean; onlyIfIdle?: boolean }): Promise<{ destroyed: boolean }>
  /** What people see for a holder from now on; false: it holds nothing. */
  renameHolder(holder: string, name: string, who: string): boolean
  dismiss(selection: Selection, who: string): boolean
  /**
   * Runs agent work in a sandbox: counts as activity for as long as it runs, wakes a paused one, and is rejected with
   * SANDBOX_LOST as soon as the engine says that the container ended.
   */
  use<T>(
    selection: Selection,
    who: string,
    work: (api: SandboxApi, signal: AbortSignal, id: string) => Promise<T>,
    /** `counts: false`: somebody only looks; no activity. Default: it counts. `wakes: false`: nor is it kept awake, and a paused one is SANDBOX_PAUSED. */
    options?: { readonly signal?: AbortSignal | undefined; readonly counts?: boolean | undefined; readonly wakes?: boolean | undefined },
  ): Promise<T>
  /**
   * Lets a client's own bytes into a sandbox, for as long as the visit lasts; wakes a paused one. `counts: false` is for
   * probes: no activity. SANDBOX_NOT_FOUND where there is none now.
   */
  enter(id: string, options: { counts: boolean; signal: AbortSignal }): Promise<Visit>
  logs(selection: Selection, options: { tail: number; follow: boolean; signal: AbortSignal }): AsyncIterable<LoggedLine>
  /** Ends every sandbox, in parallel and bounded; new acquires are refused meanwhile, and afterwards unless `reopen`. */
  shutdown(who: string, options: { reopen: boolean }): Promise<ShutdownReport>
  /**
   * Stops timers and watches, after ending sandboxes as `destroy` says: `all`, those that nobody holds (`unheld`: other
   * processes share this engine and go on), or `none`. Spares end in any case. Says what could not be ended.
   */
  close(options: { destroy: 'all' | 'unheld' | 'none' }): Promise<readonly NotEnded[]>
}
