import type { SandboxRow } from '../../shared/state.ts'

export type Boat = 'active' | 'creating' | 'warm' | 'paused' | 'free'

/** Above this many the pier becomes a bar. */
export const mostBerths = 24

/** What lies at each berth: in use first, then warm, then free ones. More than there are berths where capacity is soft. */
export function boats(sandboxes: readonly Pick<SandboxRow, 'status'>[], replicas: number): readonly Boat[] {
  const of = (boat: Exclude<Boat, 'free'>, ...statuses: SandboxRow['status'][]) => sandboxes.filter(({ status }) => statuses.includes(status)).map(() => boat)
  const there: Boat[] = [...of('active', 'active'), ...of('creating', 'creating'), ...of('warm', 'warm'), ...of('paused', 'paused')]
  return [...there, ...Array.from({ length: Math.max(0, replicas - there.length) }, (): Boat => 'free')]
}

export function tally(all: readonly Boat[]): Record<Boat, number> {
  const count = (boat: Boat) => all.filter((it) => it === boat).length
  return { active: count('active'), creating: count('creating'), warm: count('warm'), paused: count('paused'), free: count('free') }
}
