import type { Item } from '../system/menu.ts'
import type { Spot } from '../system/window.ts'

/** The menu of what was right-clicked: a field's, a terminal's, or that of a text which is selected. Empty: there is nothing to do there. */
export function contextMenu({ editable, area, can }: Spot): readonly Item<never>[] {
  if (!editable) return can.copy ? [{ role: 'copy' }] : []
  const copy: Item<never> = { role: 'copy', enabled: can.copy }
  const paste: Item<never> = { role: 'paste', enabled: can.paste }
  // What a terminal shows cannot be cut out of it, and its field holds no more than the selection.
  if (area) return [copy, paste]
  return [{ role: 'undo' }, { separator: true }, { role: 'cut', enabled: can.cut }, copy, paste, { separator: true }, { role: 'selectAll', enabled: can.selectAll }]
}
