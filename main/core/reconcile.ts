import type { Found } from '../backends/backend.ts'
import { usable, type Entry } from './registry.ts'

export type Action =
  /** Ours, alive and unknown: prove that it answers, then it is warm, or active where a lease says so. */
  | { readonly kind: 'adopt'; readonly found: Found }
  /** Ours and of no use: never ran, exited, doubled, or an anonymous one whose holder is gone. */
  | { readonly kind: 'remove'; readonly found: Found; readonly reason: string }
  /** Its labels contradict each other: never handed out, never touched, but said. */
  | { readonly kind: 'refuse'; readonly found: Found; readonly reason: string }
  /** The engine knows nothing of this entry's container, or says that it ended. */
  | { readonly kind: 'lost'; readonly id: string; readonly ref: string; readonly reason: string }
  | { readonly kind: 'frozen'; readonly id: string; readonly frozen: boolean }

export interface ReconcileView {
  readonly entries: readonly Entry[]
  readonly found: readonly Found[]
  /** Monotonic ms at which the listing began: an entry that changed since is judged at the next one. */
  readonly listedAt: number
  /** Ids with an acquire, an adoption or an ending on its way. */
  readonly busy: ReadonlySet<string>
  /** Ids for which a lease file names holders. */
  readonly leased: ReadonlySet<string>
  /** Spare containers that memory knows, by the slot's name. */
  readonly spares: { has(slot: string): boolean }
  readonly idOf: (user: string, thread: string) => string
}

/** Registry against what the engine reports. Strangers and other homes never get here: the backend lists only ours. */
export function reconcile(view: ReconcileView): Action[] {
  const actions: Action[] = []
  const byRef = new Map(view.found.map((found) => [found.ref, found]))
  const known = new Set<string>()
  for (const entry of view.entries) {
    if (entry.sandbox) known.add(entry.sandbox.ref)
    if (!usable(entry) || entry.since > view.listedAt || view.busy.has(entry.id)) continue
    const found = byRef.get(entry.sandbox.ref)
    const reason = !found ? 'it was removed from outside' : found.state === 'exited' ? `it ended${exit(found)}` : null
    if (reason !== null) actions.push({ kind: 'lost', id: entry.id, ref: entry.sandbox.ref, reason })
    else if (found && found.state !== entry.sandbox.state && (entry.frozenAt ?? -Infinity) < view.listedAt)
      actions.push({ kind: 'frozen', id: entry.id, frozen: found.state === 'paused' })
  }
  const taken = new Set(view.entries.filter((entry) => entry.state !== 'failed').map((entry) => entry.id))
  const newestFirst = [...view.found].sort((a, b) => rank(a) - rank(b) || b.createdAt - a.createdAt || (a.ref < b.ref ? -1 : 1))
  for (const found of newestFirst) {
    if (known.has(found.ref) || (found.slot !== undefined && view.spares.has(found.slot)) || (found.id !== null && view.busy.has(found.id))) continue
    const action = judge(found, taken, view)
    if (action.kind === 'adopt' && found.id !== null) taken.add(found.id)
    actions.push(action)
  }
  return actions
}

function judge(found: Found, taken: ReadonlySet<string>, view: ReconcileView): Action {
  const { id, user, thread } = found
  if (found.slot !== undefined && id === null) return { kind: 'remove', found, reason: 'it is a spare one of an earlier life' }
  if (found.leftover) return { kind: 'remove', found, reason: 'nothing is known any more of whose it is' }
  if (id === null || user === null || found.nonce === null) return { kind: 'refuse', found, reason: 'its labels are incomplete' }
  if (thread !== null && view.idOf(user, thread) !== id) return { kind: 'refuse', found, reason: 'its labels name another key' }
  // One with an address is on its way up: whether it gets there is for whoever adopts it to see.
  if (found.state === 'created' && found.url === null) return { kind: 'remove', found, reason: 'it was never started' }
  if (found.state === 'exited') return { kind: 'remove', found, reason: `it ended${exit(found)}` }
  if (taken.has(id)) return { kind: 'remove', found, reason: 'there is another sandbox of its thread' }
  if (thread === null && !view.leased.has(id)) return { kind: 'remove', found, reason: 'it is anonymous and its holder is gone' }
  return { kind: 'adopt', found }
}

const rank = (found: Found) => (found.state === 'running' ? 0 : found.state === 'paused' ? 1 : 2)
const exit = (found: Found) => (found.exitCode === null ? '' : ` with exit code ${found.exitCode}`)
