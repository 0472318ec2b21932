import type { Entry } from './entry.ts'

export interface IdlePlan {
  /** Holds that ran out: ask the sandbox, then make it warm. */
  readonly expire: readonly string[]
  /** Warm for too long: ask the sandbox, then remove it. */
  readonly reap: readonly string[]
  /** Held by somebody who never came for it: ask the sandbox, then that hold is over. */
  readonly lapse: readonly string[]
  /** Monotonic ms at which to look again; null: nothing will ever be due as things stand. */
  readonly next: number | null
}

/** Monotonic ms at which an entry's present state runs out; null: never. */
export function dueAt(entry: Entry, idleMs: number): number | null {
  if (idleMs <= 0 || entry.work > 0) return null
  if (entry.state === 'active') return entry.activityAt + idleMs
  if (entry.state === 'warm' || entry.state === 'paused') return Math.max(entry.since, entry.activityAt) + idleMs
  return null
}

/** Monotonic ms at which the first provisional hold runs out; null: there is none. */
function lapseAt(entry: Entry): number | null {
  if (entry.state !== 'active') return null
  const ends = entry.leases.flatMap(({ provisional }) => (provisional ? [provisional.until] : []))
  return ends.length === 0 ? null : Math.min(...ends)
}

/** Who is due at `now`. `busy`: entries with an acquire on its way or a question already asked; they are left alone. */
export function idlePlan(entries: readonly Entry[], now: number, idleMs: number, busy: ReadonlySet<string>): IdlePlan {
  const expire: string[] = []
  const reap: string[] = []
  const lapse: string[] = []
  let next: number | null = null
  const later = (at: number) => {
    next = next === null ? at : Math.min(next, at)
  }
  for (const entry of entries) {
    if (busy.has(entry.id)) continue
    const due = dueAt(entry, idleMs)
    if (due !== null && due <= now) {
      ;(entry.state === 'active' ? expire : reap).push(entry.id)
      continue
    }
    if (due !== null) later(due)
    const end = lapseAt(entry)
    if (end !== null && end <= now) lapse.push(entry.id)
    else if (end !== null) later(end)
  }
  return { expire, reap, lapse, next }
}
