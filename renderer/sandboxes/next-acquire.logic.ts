import type { House, SandboxRow } from '../../shared/state.ts'

/** What an acquire of a new thread would do now. */
export interface NextAcquire {
  readonly way: 'slot' | 'cold' | 'image' | 'over' | 'waits' | 'refused' | 'none'
  /** Whose warm sandbox makes room. */
  readonly evicts: string | null
}

/** Consequences before the click: as the engine decides, told from what the page knows. */
export function nextAcquire(house: House, sandboxes: readonly SandboxRow[]): NextAcquire {
  if (house.backend.kind === 'none' || !house.backend.reachable || house.shutting_down) return { way: 'none', evicts: null }
  const full = house.counted >= house.replicas
  const warm = sandboxes.filter(({ status }) => status === 'warm' || status === 'paused').sort((a, b) => (a.last_activity_at < b.last_activity_at ? -1 : 1))
  const victim = full ? warm[0] : undefined
  if (full && !victim) {
    if (house.capacity_mode === 'queue') return { way: 'waits', evicts: null }
    return house.capacity_mode === 'reject' ? { way: 'refused', evicts: null } : { way: 'over', evicts: null }
  }
  const evicts = victim ? (victim.thread ?? victim.id) : null
  if (house.spares.slots.some(({ state }) => state !== 'starting')) return { way: 'slot', evicts }
  return { way: house.image && !house.image.present ? 'image' : 'cold', evicts }
}
