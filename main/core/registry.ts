import { type BerthError, fail } from '../../shared/errors.ts'
import type { SandboxStatus } from '../../shared/sandbox.ts'
import type { Found } from '../backends/backend.ts'
import type { EventType, NewEvent } from '../../shared/events.ts'
import type { Key } from '../../shared/identity.ts'
import { listeners } from '../../shared/listeners.ts'

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
function mayFollow(from: SandboxStatus | undefined, to: SandboxStatus | 'gone'): boolean {
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
    ...key,
    state: 'creating',
    since: now,
    activityAt: now,
    createdAt: wall,
    leases: [],
    sandbox: null,
    nonce: null,
    work: 0,
    replaced: before?.replaced ?? 0,
    step: null,
    error: null,
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
  ...entry,
  work: Math.max(0, entry.work + by),
  activityAt: Math.max(entry.activityAt, at),
  leases: usedAt(entry.leases, at),
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
export const stopping = (entry: Entry, error: BerthError | null, now: number): Entry => step(entry, 'stopping', now, { step: null, error, leases: [], work: 0 })

export const failed = (entry: Entry, error: BerthError, now: number): Entry =>
  step(entry, 'failed', now, { error, sandbox: null, nonce: null, leases: [], step: null, work: 0 })

/** Holds the entries, and publishes each change of state together with making it, so that neither is without the other. */
export interface Table {
  get(id: string): Entry | undefined
  all(): Entry[]
  /** Commits a transition of registry.ts. `event` may be left out where nothing that a person would care for changed. */
  set(entry: Entry, event?: Pick<NewEvent, 'who' | 'text' | 'details'> & { type?: EventType }): Entry
  /** Whose one was that was dropped: its thread can have it again. null: not known, or it had no thread. */
  departed(id: string): Key | null
  drop(id: string, event: Pick<NewEvent, 'who' | 'text' | 'details'>): void
  /** Runs after every commit, in the same tick, told which entry: capacity tickets and the idle timer look again, screens follow. */
  onChange(listener: (id: string) => void): void
}

/** Failures that nobody dismisses must not fill the list. */
const keptFailures = 50
/** Nor may those that are gone fill memory. */
const keptDepartures = 2000

export function makeTable(publish: (event: NewEvent) => void): Table {
  const entries = new Map<string, Entry>()
  const departures = new Map<string, Key>()
  const { tell: changed, on: onChange } = listeners<[id: string]>()
  const about = (entry: Entry) => ({ sandbox: entry.id, user: entry.user, thread: entry.thread })
  const forgetOldFailures = () => {
    const failures = [...entries.values()].filter((entry) => entry.state === 'failed').sort((a, b) => a.since - b.since)
    for (const entry of failures.slice(0, Math.max(0, failures.length - keptFailures))) {
      entries.delete(entry.id)
      changed(entry.id)
    }
  }
  return {
    get: (id) => entries.get(id),
    all: () => [...entries.values()],
    set(entry, event) {
      const before = entries.get(entry.id)
      if (before?.state !== entry.state && !mayFollow(before?.state, entry.state)) {
        throw fail('INTERNAL', `Sandbox ${entry.id} cannot go from ${before?.state ?? 'nothing'} to ${entry.state}`, {
          next: 'This is a defect of Berth; please report it with the event log.',
        })
      }
      entries.set(entry.id, entry)
      if (event) publish({ type: `sandbox.${entry.state}`, ...event, ...about(entry) })
      if (entry.state === 'failed') forgetOldFailures()
      changed(entry.id)
      return entry
    },
    departed: (id) => departures.get(id) ?? null,
    drop(id, event) {
      const entry = entries.get(id)
      if (entry === undefined) return
      entries.delete(id)
      if (entry.thread !== null) departures.set(id, { user: entry.user, thread: entry.thread })
      for (const oldest of departures.keys()) if (departures.size > keptDepartures) departures.delete(oldest)
      publish({ type: 'sandbox.gone', ...event, ...about(entry) })
      changed(id)
    },
    onChange,
  }
}

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
