import type { Entry } from './entry.ts'

export interface IdlePlan {
  /** Holds that ran out: ask the sandbox, then make it warm. */
  readonly expire: readonly string[]
  /** Warm for too long: ask the sandbox, then remove it. */
  readonly reap: readonly string[]
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

/** Who is due at `now`. `busy`: entries with an acquire on its way or a question already asked; they are left alone. */
export function idlePlan(entries: readonly Entry[], now: number, idleMs: number, busy: ReadonlySet<string>): IdlePlan {
  const expire: string[] = []
  const reap: string[] = []
  let next: number | null = null
  for (const entry of entries) {
    const due = dueAt(entry, idleMs)
    if (due === null || busy.has(entry.id)) continue
    if (due > now) next = next === null ? due : Math.min(next, due)
    else if (entry.state === 'active') expire.push(entry.id)
    else reap.push(entry.id)
  }
  return { expire, reap, next }
}
