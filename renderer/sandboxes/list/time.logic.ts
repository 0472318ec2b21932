import { isSlot, isWorking, type ListRow } from './rows.logic.ts'

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
export function leftOf(row: ListRow, idleTimeout: number, now: number): Left {
  if (isSlot(row)) return { kind: 'kept' }
  if (row.status === 'creating' || row.status === 'stopping' || row.status === 'failed') return { kind: 'none' }
  if (isWorking(row, idleTimeout)) return { kind: 'working' }
  if (row.expires_at === null) return { kind: 'kept' }
  const ms = Math.max(0, Date.parse(row.expires_at) - now)
  return { kind: 'time', ms, near: ms <= nearMs }
}

/** When its last holder let it go, in ms since 1970: the engine says when it will be reaped, and that is `idle_timeout` later. */
export function releasedAt(row: { expires_at: string | null; last_activity_at: string }, idleTimeout: number): number {
  return row.expires_at === null || idleTimeout <= 0 ? Date.parse(row.last_activity_at) : Date.parse(row.expires_at) - idleTimeout * 1000
}
