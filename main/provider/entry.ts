import type { BerthError } from '../../shared/errors.ts'
import type { SandboxStatus } from '../../shared/sandbox.ts'
import type { Found } from '../backends/backend.ts'

/** One holder's hold. `since` is wall clock, for display. */
export interface Lease {
  readonly holder: string
  readonly since: number
  /** Nobody has come for what was acquired yet: the hold ends at `until` unless the sandbox was used after `from` (monotonic ms). */
  readonly provisional?: { readonly from: number; readonly until: number }
}

/** What memory knows of one sandbox: a cache of what the engine says, plus who holds it. Never changed in place. */
export interface Entry {
  readonly id: string
  readonly user: string
  /** null: anonymous. */
  readonly thread: string | null
  /** The client that made an anonymous one; null otherwise. */
  readonly client: string | null
  readonly name: string
  readonly state: SandboxStatus
  /** Monotonic ms at which `state` began. */
  readonly since: number
  /** Monotonic ms of the last activity. */
  readonly activityAt: number
  /** Wall clock, for display. */
  readonly createdAt: number
  readonly leases: readonly Lease[]
  /** The container; null until the engine has told its id, and after a failure. */
  readonly sandbox: Found | null
  /** Label by which a container made for this entry is known, from before the engine is asked to make it. */
  readonly nonce: string | null
  /** Agent calls running in it right now. */
  readonly work: number
  readonly replaced: number
  /** Made ready because somebody said that its thread will be needed, and nobody has come yet. */
  readonly hinted?: boolean | undefined
  /** Monotonic ms at which it was last seen frozen or thawed. */
  readonly frozenAt?: number | undefined
  /** Monotonic ms at which somebody last began to look into it: no activity, but it is not frozen under them. */
  readonly lookedAt?: number | undefined
  /** Of which image it is being made, or could not be made; null: it was not come to that. */
  readonly image?: string | null | undefined
  readonly step: string | null
  readonly error: BerthError | null
}

/** States in which a container is there to be used. */
export function usable(entry: Entry | undefined): entry is Entry & { sandbox: Found } {
  return entry !== undefined && entry.sandbox !== null && (entry.state === 'active' || entry.state === 'warm' || entry.state === 'paused')
}
