import { isSlot, type ListRow } from '../../state/rows.logic.ts'

export type Left =
  /** Reaped, or warm, in so many ms. `near`: within a minute. */
  | { readonly kind: 'time'; readonly ms: number; readonly near: boolean }
  /** Something runs in it. */
  | { readonly kind: 'working' }
  /** Never, as things stand. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'none' }

const nearMs = 60_000

/** When a row goes, at `now` of the engine's clock. */
export function leftOf(row: ListRow, now: number): Left {
  if (isSlot(row)) return { kind: 'kept' }
  if (row.status === 'creating' || row.status === 'stopping' || row.status === 'failed') return { kind: 'none' }
  if (row.working) return { kind: 'working' }
  if (row.expires_at === null) return { kind: 'kept' }
  const ms = Math.max(0, Date.parse(row.expires_at) - now)
  return { kind: 'time', ms, near: ms <= nearMs }
}
