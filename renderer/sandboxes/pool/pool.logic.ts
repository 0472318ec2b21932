import type { House, SandboxRow } from '../../../shared/state.ts'
import { nameOf } from '../list/rows.logic.ts'

export type Berth = 'active' | 'creating' | 'warm' | 'paused' | 'stopping' | 'free'

/** Up to so many replicas each has a berth in the picture; above, a bar says it. */
export const mostBerths = 24

type Rows = readonly SandboxRow[]
type Facts = Pick<House, 'replicas' | 'capacity_mode' | 'waiting'> & { readonly spares: Pick<House['spares'], 'slots'>; readonly backend: Pick<House['backend'], 'kind' | 'reachable'> }

const order: readonly Berth[] = ['active', 'creating', 'warm', 'paused', 'stopping']

/** What takes a place: mirrors the engine's own count. */
export function takesPlace(row: Pick<SandboxRow, 'status'>, mode: House['capacity_mode']): boolean {
  return row.status !== 'failed' && (mode !== 'soft' || row.status !== 'stopping')
}

/** The pier: what lies at it, then what is free. More than `replicas` where the soft limit was passed. */
export function berths(rows: Rows, house: Pick<House, 'replicas' | 'capacity_mode'>): Berth[] {
  const taken = rows.filter((row) => takesPlace(row, house.capacity_mode)).map(({ status }) => status as Berth)
    .sort((a, b) => order.indexOf(a) - order.indexOf(b))
  return [...taken, ...Array.from({ length: Math.max(0, house.replicas - taken.length) }, () => 'free' as const)]
}

/** How many of each, in the pier's order, without zeros. */
export function tally(all: readonly Berth[]): { readonly berth: Berth; readonly count: number }[] {
  return [...order, 'free' as const].map((berth) => ({ berth, count: all.filter((one) => one === berth).length })).filter(({ count }) => count > 0)
}

/** What becomes of the next acquire of a thread that has no sandbox. */
export type Next =
  | { readonly kind: 'engine'; readonly none: boolean }
  | { readonly kind: 'room'; readonly slot: boolean; readonly room: number }
  | { readonly kind: 'evicts'; readonly slot: boolean; readonly who: readonly string[] }
  | { readonly kind: 'over'; readonly slot: boolean; readonly nth: number }
  | { readonly kind: 'waits'; readonly ahead: number }
  | { readonly kind: 'refused' }

/** As the engine's capacity decides it, from what a page can see. */
export function nextAcquire(house: Facts, rows: Rows): Next {
  if (house.backend.kind === 'none' || !house.backend.reachable) return { kind: 'engine', none: house.backend.kind === 'none' }
  const slot = house.spares.slots.some(({ state }) => state !== 'starting')
  const taken = rows.filter((row) => takesPlace(row, house.capacity_mode)).length
  const missing = taken + 1 - house.replicas
  const soft = house.capacity_mode === 'soft'
  if (missing <= 0 && (soft || house.waiting === 0)) return { kind: 'room', slot, room: house.replicas - taken }
  const leaving = soft ? 0 : rows.filter(({ status }) => status === 'stopping').length
  const short = soft ? missing : Math.max(0, missing + house.waiting - leaving)
  const victims = evictable(rows).slice(0, short)
  if (victims.length >= short) return { kind: 'evicts', slot, who: victims.map(nameOf) }
  if (soft) return { kind: 'over', slot, nth: taken - victims.length + 1 }
  return house.capacity_mode === 'queue' ? { kind: 'waits', ahead: house.waiting } : { kind: 'refused' }
}

/** Who would go first: warm, the longest unused. */
export function evictable(rows: Rows): SandboxRow[] {
  return rows
    .filter((row) => (row.status === 'warm' || row.status === 'paused') && row.commands.length === 0)
    .sort((a, b) => compare(a.last_activity_at, b.last_activity_at) || compare(a.expires_at ?? '', b.expires_at ?? '') || compare(a.id, b.id))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
