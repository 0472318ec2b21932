import { nameOf as sandboxName } from '../../shared/say-next.ts'
import type { SandboxRow, SlotRow } from '../../shared/state.ts'

/** A line of the list. Rows are the state's own objects, never copies: what did not change is not drawn again. */
export type ListRow = SandboxRow | SlotRow

export function isSlot(row: ListRow): row is SlotRow {
  return !('id' in row)
}

export function rowId(row: ListRow): string {
  return isSlot(row) ? `slot:${row.name}` : row.id
}

/** Where a row stands: what is being made is with the active, what is paused with the warm. */
export type Place = 'failed' | 'active' | 'warm' | 'slots'

export const places: readonly Place[] = ['failed', 'active', 'warm', 'slots']

/** `before`: where it stood. What is being stopped stays there until it is gone: nothing jumps on its way out. */
export function placeOf(row: ListRow, before: Place | undefined): Place {
  if (isSlot(row)) return 'slots'
  if (row.status === 'failed') return 'failed'
  if (row.status === 'active' || row.status === 'creating') return 'active'
  if (row.status === 'stopping') return before ?? (row.holders.length > 0 ? 'active' : 'warm')
  return 'warm'
}

/** What it is called where there is room for one name. A slot's is long and says nothing: of its container's the letters that tell it from others. */
export function nameOf(row: ListRow): string {
  return isSlot(row) ? row.name.replace(/^.*-slot-([0-9a-f]{6})[0-9a-f]*$/, 'Slot $1') : sandboxName(row)
}
