import type { Acquired, Progress, Sandbox } from '../../shared/sandbox.ts'
import type { Selection } from '../../shared/select.ts'
import type { SandboxApi } from '../sandbox/sandbox-api.ts'
import type { ExtraMount } from './deps.ts'

export interface AcquireRequest {
  readonly user: string
  /** null: anonymous. */
  readonly thread: string | null
  readonly holder: string
  /** Who asked, for the event log; default: the holder. */
  readonly who?: string | undefined
  /** With `thread: null`: the id that the anonymous sandbox is to have; again the same one while it lives. */
  readonly anonymousId?: string | undefined
  /** Milliseconds: a new hold ends after this, unless the sandbox was used or acquired again in that time. */
  readonly provisionalMs?: number | undefined
  /** SANDBOX_NOT_FOUND instead of making one; one that no longer answers is gone then, too. */
  readonly onlyExisting?: boolean | undefined
  /** Binds beside the configured ones. A warm sandbox that has others is replaced, an active one stays as it is. */
  readonly extraMounts?: readonly ExtraMount[] | undefined
  /** Ends this caller's wait; the work itself ends when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined
  readonly report?: ((progress: Progress) => void) | undefined
}

export interface ShutdownReport {
  readonly destroyed: readonly string[]
  readonly failed: readonly { readonly id: string; readonly error: string }[]
}

/** Who has which sandbox. Every method throws BerthErrors only. `who` goes into the event log. */
export interface Provider {
  acquire(request: AcquireRequest): Promise<Acquired>
  /** SANDBOX_NOT_FOUND where there is none. Not activity. */
  get(selection: Selection): Sandbox
  list(): { sandboxes: Sandbox[]; replicas: number; counted: number }
  release(selection: Selection, holder: string, who?: string): Promise<{ released: boolean; sandbox: Sandbox | null }>
  /** `onlyIfIdle`: not while a command runs in it; the sandbox itself is asked. */
  destroy(selection: Selection, options: { who: string; onlyIfUnheld: boolean; onlyIfIdle?: boolean }): Promise<{ destroyed: boolean }>
  dismiss(selection: Selection, who: string): boolean
  /**
   * Runs agent work in a sandbox: counts as activity for as long as it runs, wakes a paused one, and is rejected with
   * SANDBOX_LOST as soon as the engine says that the container ended.
   */
  use<T>(selection: Selection, who: string, work: (api: SandboxApi, signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>
  logs(selection: Selection, options: { tail: number; follow: boolean; signal: AbortSignal }): AsyncIterable<string>
  /** Ends every sandbox, in parallel and bounded; new acquires are refused meanwhile, and afterwards unless `reopen`. */
  shutdown(who: string, options: { reopen: boolean }): Promise<ShutdownReport>
  /**
   * Stops timers and watches, after ending sandboxes as `destroy` says: `all`, those that nobody holds (`unheld`: other
   * processes share this engine and go on), or `none`. Idempotent.
   */
  close(options: { destroy: 'all' | 'unheld' | 'none' }): Promise<void>
}
