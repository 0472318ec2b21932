import type { House, SandboxRow } from '../../shared/state.ts'

export type Berth = 'active' | 'creating' | 'warm' | 'paused' | 'stopping' | 'free'

/** Up to so many replicas each has a berth in the picture; above, a bar says it. */
export const mostBerths = 24

type Rows = readonly SandboxRow[]

const order: readonly Berth[] = ['active', 'creating', 'warm', 'paused', 'stopping']

/** The pier: what lies at it, then what is free. More than `replicas` where the soft limit was passed; what is stopping keeps its berth where the engine waits for it to be gone. */
export function berths(rows: Rows, house: Pick<House, 'replicas' | 'capacity_mode'>): Berth[] {
  const taken = rows
    .map(({ status }) => status)
    .filter((status) => status !== 'failed')
    .filter((status) => status !== 'stopping' || house.capacity_mode !== 'soft')
    .sort((a, b) => order.indexOf(a) - order.indexOf(b))
  return [...taken, ...Array.from({ length: Math.max(0, house.replicas - taken.length) }, () => 'free' as const)]
}

/** How many of each, in the pier's order, without zeros. */
export function tally(all: readonly Berth[]): { readonly berth: Berth; readonly count: number }[] {
  return [...order, 'free' as const].map((berth) => ({ berth, count: all.filter((one) => one === berth).length })).filter(({ count }) => count > 0)
}
