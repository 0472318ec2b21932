import type { Config } from '../../shared/config.ts'
import type { Entry } from './registry.ts'
import type { Named, NextAcquire } from '../../shared/next.ts'

export interface CapacityView {
  readonly mode: Config['capacity']['mode']
  readonly replicas: number
  readonly entries: readonly Entry[]
  /** Containers of ours without an entry that are being removed. */
  readonly strays: number
  /** Acquires that came earlier and still wait for a place. */
  readonly ahead: number
  /** Sandboxes that an acquire is just about to take: not to be evicted under its hands. */
  readonly wanted: ReadonlySet<string>
}

export type Decision =
  /** Take the place now. `over`: by how many the cap is passed once the victims are gone. */
  | { readonly kind: 'go'; readonly evict: readonly string[]; readonly over: number }
  /** Wait for a place; the victims, if any, go without grace. `lacking`: so many places are missing still when they and what is going already are gone. */
  | { readonly kind: 'wait'; readonly evict: readonly string[]; readonly lacking: number }
  | { readonly kind: 'reject' }

/** What takes a place. In `queue` and `reject` a place is free only when the engine says that the victim is gone. */
export function occupies(entry: Entry, mode: CapacityView['mode']): boolean {
  return entry.state !== 'failed' && (mode !== 'soft' || entry.state !== 'stopping')
}

/** Warm and not wanted, the longest unused first. Active ones never. */
export function evictable(entries: readonly Entry[], wanted: ReadonlySet<string>): Entry[] {
  return entries
    .filter((entry) => (entry.state === 'warm' || entry.state === 'paused') && entry.work === 0 && !wanted.has(entry.id))
    .sort((a, b) => a.activityAt - b.activityAt || a.since - b.since || (a.id < b.id ? -1 : 1))
}

/** May one more sandbox be made, who goes for it, or must it wait? */
export function decide(view: CapacityView): Decision {
  const taken = view.entries.filter((entry) => occupies(entry, view.mode)).length
  const strays = view.mode === 'soft' ? 0 : view.strays
  const missing = taken + strays + 1 - view.replicas
  if (view.mode === 'soft') {
    if (missing <= 0) return { kind: 'go', evict: [], over: 0 }
    const evict = evictable(view.entries, view.wanted)
      .slice(0, missing)
      .map((entry) => entry.id)
    return { kind: 'go', evict, over: missing - evict.length }
  }
  if (missing <= 0 && view.ahead === 0) return { kind: 'go', evict: [], over: 0 }
  const leaving = view.entries.filter((entry) => entry.state === 'stopping').length + strays
  const short = Math.max(0, missing + view.ahead - leaving)
  const evict = evictable(view.entries, view.wanted)
    .slice(0, short)
    .map((entry) => entry.id)
  if (view.mode === 'reject' && evict.length < short) return { kind: 'reject' }
  return { kind: 'wait', evict, lacking: short - evict.length }
}

/** Who goes when more are kept than allowed: after a release, or when `replicas` was lowered. */
export function trim(entries: readonly Entry[], replicas: number, wanted: ReadonlySet<string>): string[] {
  const taken = entries.filter((entry) => occupies(entry, 'soft')).length
  return evictable(entries, wanted)
    .slice(0, Math.max(0, taken - replicas))
    .map((entry) => entry.id)
}

/** What `decide` would say of one more acquire, in the words of the contract. `slot`: one is ready to be taken. */
export function nextAcquire(view: CapacityView, slot: boolean): NextAcquire {
  const decision = decide(view)
  if (decision.kind === 'reject') return { kind: 'refused' }
  // Behind others without a victim of its own, whatever place becomes free is theirs first.
  if (decision.kind === 'wait' && (decision.lacking > 0 || (view.ahead > 0 && decision.evict.length === 0))) return { kind: 'waits', ahead: view.ahead }
  if (decision.kind === 'go' && decision.over > 0) return { kind: 'over', slot, nth: view.replicas + decision.over }
  const who = decision.evict.flatMap((id) => view.entries.filter((entry) => entry.id === id).map(named))
  if (decision.kind === 'wait' || who.length > 0) return { kind: 'evicts', slot, who }
  return { kind: 'room', slot, room: view.replicas - view.entries.filter((entry) => occupies(entry, view.mode)).length }
}

function named({ id, user, thread }: Entry): Named {
  return { id, user, thread }
}
