import { createHash } from 'node:crypto'
import type { LeaseRecord } from '../../main/core/lease-record.ts'
import type { Place } from '../../main/core/slot-deps.ts'
import type { SimProcess } from './sim-clock.ts'

/** What lies on the disk of a simulated home; it outlives the processes that write there. */
export interface SimDisk {
  readonly leases: Map<string, LeaseRecord>
  readonly locks: Map<string, SimProcess>
  /** Directories that were given to an anonymous sandbox, ever. */
  readonly anonymous: Set<string>
  /** By slot: null while nobody has claimed it. */
  readonly slots: Map<string, SimClaim | null>
}

export type SimClaim = { readonly retired: true } | { readonly place: Place; readonly started: string }

export const simDisk = (): SimDisk => ({ leases: new Map(), locks: new Map(), anonymous: new Set(), slots: new Map() })

export const idOf = (user: string, thread: string): string => createHash('sha256').update(`${user}:${thread}`).digest('hex').slice(0, 16)

export const userDataPath = ({ id, user, thread }: Place): string =>
  thread === null ? `/home/anonymous/${id}/user-data` : `/home/users/${user}/threads/${thread}/user-data`

export const slotPath = (slot: string): string => `/home/slots/${slot}/user-data`
