import type { SandboxRow } from '../../../shared/state.ts'
import { useHouse } from '../../frame/house/use-house.ts'

/** Rows as they are by now: a dialog that asks is answered by what is so, not by what was so when it opened. What is gone is left out. */
export function useLiveRows(rows: readonly SandboxRow[]): readonly SandboxRow[] {
  return useHouse(({ sandboxes }) => rows.flatMap(({ id }) => sandboxes[id] ?? []))
}
