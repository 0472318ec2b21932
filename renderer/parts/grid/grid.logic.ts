/** What is chosen in a list: the row under the keyboard, the rows selected, and where a range began. */
export interface Chosen {
  readonly current: string | null
  readonly selected: ReadonlySet<string>
  readonly anchor: string | null
}

export const nothingChosen: Chosen = { current: null, selected: new Set(), anchor: null }

export interface Press {
  readonly key: string
  readonly shift: boolean
  /** Ctrl, or ⌘ on a Mac. */
  readonly mod: boolean
  /** Rows that fit. */
  readonly page: number
}

/** The choice after a key; null: the key means nothing here. */
export function afterKey(chosen: Chosen, ids: readonly string[], { key, shift, mod, page }: Press): Chosen | null {
  if (ids.length === 0) return null
  const at = chosen.current === null ? -1 : ids.indexOf(chosen.current)
  if (key === ' ' || key === 'Space') return chosen.current === null ? null : toggled(chosen, chosen.current)
  if (mod && key.toLowerCase() === 'a') return { ...chosen, current: chosen.current ?? ids[0] ?? null, selected: new Set(ids) }
  if (key === 'Escape') return chosen.selected.size > 1 && chosen.current !== null ? moved(chosen.current) : null
  const to = destination(key, at, ids.length, page)
  if (to === null) return null
  const id = ids[to] ?? null
  if (id === null) return null
  if (shift) return extended(chosen, ids, id)
  // Moves without touching what is selected, so that single rows can be picked with Space.
  if (mod && (key === 'ArrowDown' || key === 'ArrowUp')) return { ...chosen, current: id }
  return moved(id)
}

/** The choice after a press of the pointer on a row. */
export function afterPress(chosen: Chosen, ids: readonly string[], id: string, { shift, mod }: { shift: boolean; mod: boolean }): Chosen {
  if (shift) return extended(chosen, ids, id)
  return mod ? toggled({ ...chosen, current: id }, id) : moved(id)
}

/**
 * The choice after the list itself changed: what is gone is no longer selected; when the current row is gone its place is
 * taken by the one that moved up. `was`: its position before.
 */
export function afterChange(chosen: Chosen, ids: readonly string[], was: number): Chosen {
  const there = new Set(ids)
  const lost = chosen.current !== null && !there.has(chosen.current)
  const selected = [...chosen.selected].filter((id) => there.has(id))
  if (!lost && selected.length === chosen.selected.size) return chosen
  const current = lost ? (ids[Math.min(Math.max(was, 0), ids.length - 1)] ?? null) : chosen.current
  return { current, selected: new Set(selected), anchor: chosen.anchor !== null && there.has(chosen.anchor) ? chosen.anchor : current }
}

/** The next row whose text begins with what was typed, from the one after the current on when it is a first letter. */
export function found(texts: readonly string[], at: number, typed: string): number | null {
  const wanted = typed.toLowerCase()
  const from = typed.length > 1 ? Math.max(at, 0) : at + 1
  for (let step = 0; step < texts.length; step += 1) {
    const index = (from + step) % texts.length
    if (texts[index]?.toLowerCase().startsWith(wanted)) return index
  }
  return null
}

export function moved(id: string): Chosen {
  return { current: id, selected: new Set([id]), anchor: id }
}

function toggled(chosen: Chosen, id: string): Chosen {
  const selected = new Set(chosen.selected)
  if (!selected.delete(id)) selected.add(id)
  return { current: id, selected, anchor: id }
}

function extended(chosen: Chosen, ids: readonly string[], id: string): Chosen {
  const anchor = chosen.anchor !== null && ids.includes(chosen.anchor) ? chosen.anchor : (chosen.current ?? id)
  const [a, b] = [ids.indexOf(anchor), ids.indexOf(id)]
  return { current: id, selected: new Set(ids.slice(Math.min(a, b), Math.max(a, b) + 1)), anchor }
}

function destination(key: string, at: number, count: number, page: number): number | null {
  if (key === 'ArrowDown') return Math.min(at + 1, count - 1)
  if (key === 'ArrowUp') return Math.max(at - 1, 0)
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  if (key === 'PageDown') return Math.min(Math.max(at, 0) + page, count - 1)
  if (key === 'PageUp') return Math.max(at - page, 0)
  return null
}
