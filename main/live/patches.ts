import type { HouseState, PatchOp } from '../../shared/state.ts'

/** Which entity an op is about: the newest of one replaces all before it. */
export function entityOf(op: PatchOp): string {
  switch (op.op) {
    case 'house': return 'house'
    case 'sandbox': return `sandbox ${op.value.id}`
    case 'sandbox_gone': return `sandbox ${op.id}`
    case 'session': return `session ${op.value.id}`
    case 'session_gone': return `session ${op.id}`
  }
}

/** The ops that a subscriber without room has still to get: only the newest of each entity. */
export function merged(waiting: readonly PatchOp[], more: readonly PatchOp[]): readonly PatchOp[] {
  if (waiting.length === 0) return more
  const newest = new Map<string, PatchOp>()
  for (const op of [...waiting, ...more]) {
    const entity = entityOf(op)
    newest.delete(entity)
    newest.set(entity, op)
  }
  return [...newest.values()]
}

/** Whether two values would look the same to a screen. They are made by the same code, so the order of their keys is the same. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

/** The engine's clock goes on in it, which alone is no news. */
export function sameHouse(a: HouseState['house'], b: HouseState['house']): boolean {
  return same({ ...a, now: '' }, { ...b, now: '' })
}
