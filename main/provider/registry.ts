import { fail, type BerthError } from '../../shared/errors.ts'
import type { SandboxStatus } from '../../shared/sandbox.ts'
import type { Found } from '../backends/backend.ts'
import type { Entry, Lease } from './entry.ts'

/** From which state which may follow; `gone` is the entry's removal. */
const follows: Record<SandboxStatus, readonly (SandboxStatus | 'gone')[]> = {
  creating: ['active', 'warm', 'failed', 'stopping', 'gone'],
  active: ['active', 'warm', 'paused', 'stopping', 'failed', 'gone'],
  warm: ['active', 'warm', 'paused', 'stopping', 'gone'],
  paused: ['active', 'warm', 'stopping', 'gone'],
  stopping: ['failed', 'gone'],
  failed: ['creating', 'gone'],
}

/** An entry that no longer exists, or never did, may only begin by being created. */
export function mayFollow(from: SandboxStatus | undefined, to: SandboxStatus | 'gone'): boolean {
  return from === undefined ? to === 'creating' : follows[from].includes(to)
}

function step(entry: Entry, state: SandboxStatus, now: number, change: Partial<Entry> = {}): Entry {
  if (!mayFollow(entry.state, state)) {
    throw fail('INTERNAL', `Sandbox ${entry.id} cannot go from ${entry.state} to ${state}`, {
      next: 'This is a defect of Berth; please report it with the event log.',
    })
  }
  return { ...entry, ...change, state, since: entry.state === state ? entry.since : now }
}

export function creating(
  key: { id: string; user: string; thread: string | null; client: string | null; name: string },
  now: number,
  wall: number,
  before: Entry | undefined,
): Entry {
  return {
    ...key, state: 'creating', since: now, activityAt: now, createdAt: wall, leases: [], sandbox: null, nonce: null, work: 0,
    replaced: before?.replaced ?? 0, step: null, error: null,
  }
}

export const atStep = (entry: Entry, text: string): Entry => ({ ...entry, step: text })

/** While creating: from here on a container may exist, known by this label or already by its id. */
export const making = (entry: Entry, nonce: string | null, sandbox: Found | null): Entry => ({ ...entry, nonce, sandbox })

/** Usable from here on. Without leases it is warm at once: it was found, nobody asked for it. */
export function started(entry: Entry, found: Found, now: number, leases: readonly Lease[], activityAt: number): Entry {
  const change = { sandbox: found, step: null, error: null, activityAt, createdAt: found.createdAt, leases }
  return step(entry, leases.length > 0 ? 'active' : 'warm', now, change)
}

/** One more hold; the same holder twice is one hold, and no longer a provisional one. Also activity. */
export function held(entry: Entry, holder: string, now: number, wall: number): Entry {
  const before = entry.leases.find((lease) => lease.holder === holder)
  const mine: Lease = { holder, since: before?.since ?? wall }
  const leases = before ? entry.leases.map((lease) => (lease === before ? mine : lease)) : [...entry.leases, mine]
  return step(entry, 'active', now, { leases, activityAt: now, hinted: false })
}

/** A hold of a moment ago that is to end by itself if nobody comes for the sandbox. */
export const heldUntilUsed = <E extends Entry>(entry: E, holder: string, now: number, ms: number): E => ({
  ...entry,
  leases: entry.leases.map((lease) => (lease.holder === holder ? { ...lease, provisional: { from: now, until: now + ms } } : lease)),
})

/** It was used at that time: whoever was awaited since before has come. An address tells no names, so anybody's use counts. */
function usedAt(leases: readonly Lease[], at: number): readonly Lease[] {
  if (!leases.some(({ provisional }) => provisional && provisional.from < at)) return leases
  return leases.map((lease) => (lease.provisional && lease.provisional.from < at ? { holder: lease.holder, since: lease.since } : lease))
}

/** Holds for which nobody came in time are over. */
export function lapsed(entry: Entry, now: number): Entry {
  const over = entry.leases.filter(({ provisional }) => provisional && provisional.until <= now)
  return over.reduce((left, lease) => released(left, lease.holder, now), entry)
}

/** One hold less; the last one makes it warm. */
export function released(entry: Entry, holder: string, now: number): Entry {
  const leases = entry.leases.filter((lease) => lease.holder !== holder)
  return leases.length > 0 || entry.state !== 'active' ? { ...entry, leases } : step(entry, 'warm', now, { leases })
}

/** All holds ran out: nobody did anything for idle_timeout. */
export const expired = (entry: Entry, now: number): Entry => step(entry, 'warm', now, { leases: [] })

export const touched = <E extends Entry>(entry: E, activityAt: number): E =>
  activityAt > entry.activityAt ? { ...entry, activityAt, leases: usedAt(entry.leases, activityAt) } : entry

/** `at`: when it last did something, which may be a while ago where it ends by having been silent. */
export const working = (entry: Entry, by: 1 | -1, at: number): Entry => ({
  ...entry, work: Math.max(0, entry.work + by), activityAt: Math.max(entry.activityAt, at), leases: usedAt(entry.leases, at),
})

export const lookedInto = (entry: Entry, lookedAt: number): Entry => ({ ...entry, lookedAt })

/** The engine froze or thawed the container; a held one stays active, its container says that it is frozen. */
export function frozen(entry: Entry, is: boolean, now: number): Entry {
  if (entry.sandbox === null) return entry
  const sandbox: Found = { ...entry.sandbox, state: is ? 'paused' : 'running' }
  // Frozen or not, it has been warm since it became so: being frozen does not lengthen its life.
  if (is && entry.state === 'warm') return { ...step(entry, 'paused', now, { sandbox, frozenAt: now }), since: entry.since }
  if (!is && entry.state === 'paused') return { ...step(entry, 'warm', now, { sandbox, frozenAt: now }), since: entry.since }
  return { ...entry, sandbox, frozenAt: now }
}

/** `error`: why it ends, where it ends without anybody's wish. */
export const stopping = (entry: Entry, error: BerthError | null, now: number): Entry =>
  step(entry, 'stopping', now, { step: null, error, leases: [], work: 0 })

export const failed = (entry: Entry, error: BerthError, now: number): Entry =>
  step(entry, 'failed', now, { error, sandbox: null, nonce: null, leases: [], step: null, work: 0 })
