import type { Config } from '../../shared/config.ts'
import type { NewEvent } from '../../shared/events.ts'
import type { Backend, Mount } from '../backends/backend.ts'
import type { Clock, Uptime } from '../base/clock.ts'
import type { Address, SandboxApi } from '../sandbox/sandbox-api.ts'
import type { LeaseRecord } from './lease-record.ts'
import type { Place, SlotFiles } from './slot-deps.ts'
import type { ClaimSteps } from './slot-claim.ts'

/** A bind that a caller wants, as it was named: nothing of it is checked. */
export interface ExtraMount {
  readonly hostPath: string
  readonly containerPath: string
  readonly readonly: boolean
}

/** Those that may be mounted and are there. `hash` is '' where there are none. */
export interface Extras {
  readonly mounts: readonly Mount[]
  readonly hash: string
  readonly warnings: readonly string[]
}

/** Everything the provider does to the world goes through here; nothing else in this room has effects. */
export interface ProviderDeps {
  readonly backend: Backend
  readonly clock: Clock
  /** The configuration in force now. */
  readonly config: () => Config
  /** Hash of what makes a warm sandbox outdated; changes with the configuration and with Berth's own version. */
  readonly configHash: () => string
  readonly idOf: (user: string, thread: string) => string
  /** 16 random hex digits. */
  readonly randomId: () => string
  /** The sandbox's own API key, derived from its nonce label and the installation's secret; null: this backend's need none. */
  readonly keyOf: (nonce: string) => string | null
  /** Makes a thread's directories and checks every mount; throws before any container exists. */
  readonly mountsOf: (place: Place, extras: readonly Mount[]) => Promise<Mount[]>
  /** Checks mounts that a caller wants beside the configured ones; throws MOUNT_REFUSED. */
  readonly extrasOf: (place: Place, wanted: readonly ExtraMount[]) => Promise<Extras>
  /** Host directory that this key's sandbox must have at /mnt/user-data; null: its files are not on this machine. */
  readonly userDataOf: (place: Place) => Promise<string | null>
  /** Slots on disk; null: there are never any. */
  readonly slots: SlotFiles | null
  /** The binds of a slot, its own directory for a thread's. `seen` differs once one of their sources is another thing. */
  readonly slotMountsOf: (slot: string) => Promise<{ readonly mounts: Mount[]; readonly seen: string }>
  /** What a slot has at /mnt/user-data, as the engine sees it. */
  readonly slotSourceOf: (slot: string) => string
  /** For whoever wants to see or cut short a claim. */
  readonly aroundClaim?: ((steps: ClaimSteps) => ClaimSteps) | undefined
  /** Deletes an anonymous sandbox's directory; a thread's files are never deleted here. */
  readonly discard: (place: Place) => Promise<void>
  readonly openSandbox: (address: Address) => SandboxApi
  /** Resolves once a command has really run in it; throws NOT_READY or SANDBOX_REFUSED. */
  readonly ready: (api: SandboxApi, options: { signal: AbortSignal; timeoutMs: number }) => Promise<void>
  readonly leases: {
    load(): Promise<Map<string, LeaseRecord>>
    /** Written behind, coalesced per id; failures are counted and published, never thrown. */
    save(id: string, record: LeaseRecord): void
    remove(id: string): void
    /** What was said of this id is on the disk, or could not be put there: before a hold or its end is acknowledged. */
    written(id: string): Promise<void>
    flush(): Promise<void>
  }
  /** This thread's lock across processes. `broken` aborts when it was lost. */
  readonly lock: (id: string, signal: AbortSignal) => Promise<{ broken: AbortSignal; release(): Promise<void> }>
  readonly uptime: () => Uptime
  readonly publish: (event: NewEvent) => void
}
