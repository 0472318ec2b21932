import type { Acquired, Progress, Sandbox } from '../../shared/sandbox.ts'
import type { Selection } from '../../shared/select.ts'
import type { SandboxApi } from '../sandbox/sandbox-api.ts'

export interface AcquireRequest {
  readonly user: string
  /** null: anonymous. */
  readonly thread: string | null
  readonly holder: string
  /** Who asked, for the event log; default: the holder. */
  readonly who?: string | undefined
  /** Which client asked: what it makes without a thread is its own. Default: the holder. */
  readonly client?: string | undefined
  /** Ends this caller's wait; the work itself ends when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined
  readonly report?: ((progress: Progress) => void) | undefined
}

export interface ShutdownReport {
  readonly destroyed: readonly string[]
  readonly failed: readonly { readonly id: string; readonly error: string }[]
}

/** Whose a sandbox is. */
export interface Owner {
  readonly user: string
  readonly thread: string | null
  /** Of an anonymous one the client that made it; null: not known, and of one that has a thread. */
  readonly client: string | null
}

/** Who has which sandbox. Every method throws BerthErrors only. `who` goes into the event log. */
export interface Provider {
  acquire(request: AcquireRequest): Promise<Acquired>
  /** SANDBOX_NOT_FOUND where there is none. Not activity. */
  get(selection: Selection): Sandbox
  /** null where there is none. */
  ownerOf(id: string): Owner | null
  list(): { sandboxes: Sandbox[]; replicas: number; counted: number }
  release(selection: Selection, holder: string, who?: string): Promise<{ released: boolean; sandbox: Sandbox | null }>
  destroy(selection: Selection, options: { who: string; onlyIfUnheld: boolean }): Promise<{ destroyed: boolean }>
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
