import type { Config } from '../../shared/config.ts'
import type { ToldCause } from '../../shared/events.ts'
import type { Named } from '../../shared/next.ts'
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

export function idleTimes(config: Pick<Config, 'idle_timeout' | 'pause_after'>): IdleTimes {
  return { idleMs: config.idle_timeout * 1000, pauseMs: config.pause_after * 1000 }
}

/** What befalls an entry by time alone. */
export interface Due {
  /** Monotonic ms. */
  readonly at: number
  /** Why it ends then; null: its holds end, and it is kept warm. */
  readonly cause: ToldCause | null
}

/** One that was made ready on a hint waits this long at most for whoever was announced. */
const hintMs = 60_000

/** When an entry's present state runs out, and what then: whoever ends it, shows it or foretells it asks here. null: never. */
export function dueOf(entry: Entry, { idleMs }: IdleTimes): Due | null {
  if (entry.work > 0) return null
  const kept = entry.state === 'warm' || entry.state === 'paused'
  if (entry.hinted && kept) return { at: warmSince(entry) + (idleMs > 0 ? Math.min(idleMs, hintMs) : hintMs), cause: 'hint' }
  if (idleMs <= 0) return null
  if (entry.state === 'active') return { at: entry.activityAt + idleMs, cause: entry.thread === null ? 'abandoned' : null }
  return kept ? { at: warmSince(entry) + idleMs, cause: 'idle' } : null
}

/** Which kept one is reaped first if nothing happens, and the monotonic ms at which; null: none ever is. */
export function nextReap(entries: readonly Entry[], times: IdleTimes): (Named & { readonly at: number }) | null {
  let first: (Named & { readonly at: number }) | null = null
  for (const entry of entries) {
    const due = entry.state === 'warm' || entry.state === 'paused' ? dueOf(entry, times) : null
    if (due !== null && (first === null || due.at < first.at)) first = { id: entry.id, user: entry.user, thread: entry.thread, at: due.at }
  }
  return first
}

/** Monotonic ms at which it is to be frozen; null: never, or it is already. */
export function pauseAt(entry: Entry, { pauseMs }: IdleTimes): number | null {
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
export function idlePlan(entries: readonly Entry[], now: number, times: IdleTimes, busy: ReadonlySet<string>): IdlePlan {
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
    const due = dueOf(entry, times)?.at ?? null
    if (due !== null && due <= now) {
      ;(entry.state === 'active' ? expire : reap).push(entry.id)
      continue
    }
    const freezing = pauseAt(entry, times)
    if (freezing !== null && freezing <= now) pause.push(entry.id)
    const end = lapseAt(entry)
    if (end !== null && end <= now) lapse.push(entry.id)
    later(due)
    later(freezing)
    later(end)
  }
  return { expire, reap, pause, lapse, next }
}
