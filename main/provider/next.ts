import type { Named, NextAcquire } from '../../shared/next.ts'
import { decide, occupies, type CapacityView } from './capacity.ts'
import type { Entry } from './entry.ts'
import { dueAt } from './idle.ts'

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

/** Which kept one is reaped first if nothing happens, and the monotonic ms at which; null: none ever is. */
export function nextReap(entries: readonly Entry[], idleMs: number): (Named & { readonly at: number }) | null {
  let first: (Named & { readonly at: number }) | null = null
  for (const entry of entries) {
    const at = entry.state === 'warm' || entry.state === 'paused' ? dueAt(entry, idleMs) : null
    if (at !== null && (first === null || at < first.at)) first = { ...named(entry), at }
  }
  return first
}

function named({ id, user, thread }: Entry): Named {
  return { id, user, thread }
}
