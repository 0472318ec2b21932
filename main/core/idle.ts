import type { Entry } from './registry.ts'

export interface IdlePlan {
  /** Holds that ran out: ask the sandbox, then make it warm. */
  readonly expire: readonly string[]
  /** Warm for too long: ask the sandbox, then remove it. */
  readonly reap: readonly string[]
  /** Warm, and nobody came for a while: ask the sandbox, then freeze it. */
  readonly pause: readonly string[]
  /** Held by somebody who never came for it: ask the sandbox, then that hold is over. */
  readonly lapse: readonly string[]
  /** Monotonic ms at which to look again; null: nothing will ever be due as things stand. */
  readonly next: number | null
}

/** Seconds of the configuration, as milliseconds; 0: never. */
export interface IdleTimes {
  readonly idleMs: number
  readonly pauseMs: number
}

/** One that was made ready on a hint waits this long at most for whoever was announced. */
const hintMs = 60_000

/** Monotonic ms at which an entry's present state runs out; null: never. */
export function dueAt(entry: Entry, idleMs: number): number | null {
  if (entry.work > 0) return null
  if (entry.hinted && (entry.state === 'warm' || entry.state === 'paused')) return warmSince(entry) + (idleMs > 0 ? Math.min(idleMs, hintMs) : hintMs)
  if (idleMs <= 0) return null
  if (entry.state === 'active') return entry.activityAt + idleMs
  if (entry.state === 'warm' || entry.state === 'paused') return warmSince(entry) + idleMs
  return null
}

/** Monotonic ms at which it is to be frozen; null: never, or it is already. */
export function pauseAt(entry: Entry, pauseMs: number): number | null {
  if (pauseMs <= 0 || entry.work > 0 || entry.state !== 'warm' || entry.sandbox?.state !== 'running') return null
  // Woken for somebody who only looks, it is left awake for as long again.
  return Math.max(warmSince(entry), entry.frozenAt ?? 0, entry.lookedAt ?? 0) + pauseMs
}

const warmSince = (entry: Entry) => Math.max(entry.since, entry.activityAt)

/** Monotonic ms at which the first provisional hold runs out; null: there is none. */
function lapseAt(entry: Entry): number | null {
  if (entry.state !== 'active') return null
  const ends = entry.leases.flatMap(({ provisional }) => (provisional ? [provisional.until] : []))
  return ends.length === 0 ? null : Math.min(...ends)
}

/** Who is due at `now`. `busy`: entries with an acquire on its way or a question already asked; they are left alone. */
export function idlePlan(entries: readonly Entry[], now: number, { idleMs, pauseMs }: IdleTimes, busy: ReadonlySet<string>): IdlePlan {
  const expire: string[] = []
  const reap: string[] = []
  const pause: string[] = []
  const lapse: string[] = []
  let next: number | null = null
  const later = (at: number | null) => {
    if (at !== null && at > now) next = next === null ? at : Math.min(next, at)
  }
  for (const entry of entries) {
    if (busy.has(entry.id)) continue
    const due = dueAt(entry, idleMs)
    if (due !== null && due <= now) {
      ;(entry.state === 'active' ? expire : reap).push(entry.id)
      continue
    }
    const freezing = pauseAt(entry, pauseMs)
    if (freezing !== null && freezing <= now) pause.push(entry.id)
    const end = lapseAt(entry)
    if (end !== null && end <= now) lapse.push(entry.id)
    later(due)
    later(freezing)
    later(end)
  }
  return { expire, reap, pause, lapse, next }
}
