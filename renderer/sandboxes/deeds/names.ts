import type { SandboxRow } from '../../../shared/state.ts'
import type { Format } from '../../words/format.ts'
import { nameOf } from '../list/rows.logic.ts'

/** One by its name, several by their number. */
export function namesOf(rows: readonly SandboxRow[], format: Format): string {
  const [first] = rows
  return rows.length === 1 && first !== undefined ? shortName(nameOf(first)) : format.count(rows.length, 'sandbox', 'sandboxes')
}

/** A UUID without its middle, as everywhere. */
export function shortName(name: string): string {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name) ? `${name.slice(0, 8)}…${name.slice(-5)}` : name
}
