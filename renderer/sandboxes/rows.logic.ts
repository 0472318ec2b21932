import type { SandboxRow, SlotRow } from '../../shared/state.ts'
import type { Group } from '../parts/grid/columns.ts'
import { matches, parseSearch } from './search.logic.ts'

/** A line of the list. */
export type Row =
  | { readonly kind: 'sandbox'; readonly id: string; readonly sandbox: SandboxRow }
  | { readonly kind: 'slot'; readonly id: string; readonly n: number; readonly slot: SlotRow }

export type Filter = 'all' | 'active' | 'warm' | 'slots' | 'failed'
export type Grouping = 'state' | 'holder' | 'flat'
export interface Sorting { readonly by: 'thread' | 'age' | 'left' | 'cpu' | 'memory'; readonly direction: 'ascending' | 'descending' }

/** By it the list is kept in order where the person wants another than the engine's. */
export interface Measures { readonly cpu: number | null; readonly memory: number | null }

const filterOf: Readonly<Record<SandboxRow['status'], Exclude<Filter, 'all' | 'slots'>>> = {
  creating: 'active', active: 'active', stopping: 'active', warm: 'warm', paused: 'warm', failed: 'failed',
}

/** Stable within a state: by when it was made, the newest first. It does not move while its numbers do. */
function byDefault(a: SandboxRow, b: SandboxRow): number {
  return a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : a.id < b.id ? -1 : 1
}

/** The same row object for the same sandbox, so that only what changed is drawn anew. */
export function rowMaker(): (sandbox: SandboxRow) => Row {
  const made = new WeakMap<SandboxRow, Row>()
  return (sandbox) => {
    const known = made.get(sandbox)
    if (known) return known
    const row: Row = { kind: 'sandbox', id: sandbox.id, sandbox }
    made.set(sandbox, row)
    return row
  }
}

export function counts(sandboxes: readonly SandboxRow[], slots: readonly SlotRow[]): Record<Filter, number> {
  const by = { active: 0, warm: 0, failed: 0 }
  for (const { status } of sandboxes) by[filterOf[status]] += 1
  return { all: sandboxes.length + slots.length, ...by, slots: slots.length }
}

export interface Wanted {
  readonly filter: Filter
  readonly search: string
  readonly grouping: Grouping
  readonly sorting: Sorting | null
}

export interface GroupWords {
  readonly failed: string
  readonly active: string
  readonly warm: string
  readonly slots: string
  readonly whyWarm: string
  readonly whySlots: string
  readonly nobody: string
}

/** The list as it is shown: groups of rows that match, each in its order. */
export function groupsOf(
  all: { readonly sandboxes: readonly SandboxRow[]; readonly slots: readonly SlotRow[] },
  wanted: Wanted,
  measures: (id: string) => Measures | null,
  row: (sandbox: SandboxRow) => Row,
  words: GroupWords,
): readonly Group<Row>[] {
  const search = parseSearch(wanted.search)
  const asked = wanted.search.trim() !== ''
  const shown = all.sandboxes
    .filter((it) => (wanted.filter === 'all' || filterOf[it.status] === wanted.filter) && (!asked || matches(it, search)))
    .sort((a, b) => (wanted.sorting ? sorted(a, b, wanted.sorting, measures) : 0) || byDefault(a, b))
  const slots: readonly Row[] = (wanted.filter === 'all' || wanted.filter === 'slots') && !asked ? all.slots.map((slot, at) => ({ kind: 'slot', id: `slot:${slot.name}`, n: at + 1, slot })) : []
  const of = (which: Exclude<Filter, 'all' | 'slots'>) => shown.filter((it) => filterOf[it.status] === which).map(row)
  if (wanted.grouping === 'flat') return [{ id: 'all', rows: [...shown.map(row), ...slots] }]
  if (wanted.grouping === 'holder') {
    const holders = [...new Set(shown.flatMap((it) => it.holders.map(({ holder }) => holder)))].sort()
    return [
      ...holders.map((holder) => ({ id: `h:${holder}`, title: holder, rows: shown.filter((it) => it.holders[0]?.holder === holder).map(row) })),
      { id: 'nobody', title: words.nobody, rows: shown.filter((it) => it.holders.length === 0).map(row) },
      { id: 'slots', title: words.slots, why: words.whySlots, rows: slots },
    ]
  }
  return [
    { id: 'failed', title: words.failed, rows: of('failed') },
    { id: 'active', title: words.active, rows: of('active') },
    { id: 'warm', title: words.warm, why: words.whyWarm, rows: of('warm') },
    { id: 'slots', title: words.slots, why: words.whySlots, rows: slots },
  ]
}

function sorted(a: SandboxRow, b: SandboxRow, { by, direction }: Sorting, measures: (id: string) => Measures | null): number {
  const [x, y] = [keyOf(a, by, measures), keyOf(b, by, measures)]
  // What has no value stands last, whichever way.
  if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1
  const order = x < y ? -1 : x > y ? 1 : 0
  return direction === 'ascending' ? order : -order
}

function keyOf(row: SandboxRow, by: Sorting['by'], measures: (id: string) => Measures | null): string | number | null {
  if (by === 'thread') return row.thread ?? null
  if (by === 'age') return -Date.parse(row.created_at)
  if (by === 'left') return row.expires_at === null ? null : Date.parse(row.expires_at)
  return measures(row.id)?.[by] ?? null
}

/** What follows when a head is pressed: numbers from the largest, names from the first, then the other way, then the engine's order. */
export function nextSorting(now: Sorting | null, by: Sorting['by']): Sorting | null {
  const first = by === 'thread' || by === 'left' ? 'ascending' : 'descending'
  if (now?.by !== by) return { by, direction: first }
  return now.direction === first ? { by, direction: first === 'ascending' ? 'descending' : 'ascending' } : null
}
