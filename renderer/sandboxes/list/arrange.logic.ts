import { holderName, holdersOf } from '../../words/who.ts'
import type { Group } from '../../parts/grid/columns.ts'
import { type ListRow, isSlot, rowId, type Place, places, placeOf, nameOf } from '../../state/rows.logic.ts'

/** What was typed into the filter, taken apart. Of one key several values mean any of them; everything else must hold together. */
interface Query {
  readonly words: readonly string[]
  readonly status: readonly string[]
  readonly holder: readonly string[]
  readonly image: readonly string[]
  readonly user: readonly string[]
}

export type QueryKey = Exclude<keyof Query, 'words'>

export const queryKeys: readonly QueryKey[] = ['status', 'holder', 'image', 'user']

/** `holder:deer-flow status:warm,paused invoice`. A key without a value yet narrows nothing: it is being typed. */
export function parseQuery(text: string): Query {
  const query: Record<keyof Query, string[]> = { words: [], status: [], holder: [], image: [], user: [] }
  for (const word of text.toLowerCase().split(/\s+/)) {
    if (word === '') continue
    const [, key = '', rest = ''] = /^([a-z]+):(.*)$/.exec(word) ?? []
    if ((queryKeys as readonly string[]).includes(key)) query[key as QueryKey].push(...rest.split(',').filter((value) => value !== ''))
    else query.words.push(word)
  }
  return query
}

export function isEmpty(query: Query): boolean {
  return Object.values(query).every((values) => values.length === 0)
}

export function matches(row: ListRow, query: Query): boolean {
  const any = (values: readonly string[], test: (value: string) => boolean) => values.length === 0 || values.some(test)
  const has = (text: string, value: string) => text.toLowerCase().includes(value)
  if (isSlot(row)) {
    return (
      query.holder.length === 0 &&
      query.user.length === 0 &&
      any(query.status, (value) => 'slot'.startsWith(value)) &&
      any(query.image, (value) => has(row.image ?? '', value)) &&
      query.words.every((word) => has(row.name, word) || has(row.image ?? '', word))
    )
  }
  return (
    any(query.status, (value) => row.status.startsWith(value) || ('working'.startsWith(value) && row.commands.length > 0)) &&
    any(query.holder, (value) => row.holders.some((held) => has(held.holder, value) || has(holderName(held), value))) &&
    any(query.image, (value) => has(row.image ?? '', value)) &&
    any(query.user, (value) => has(row.user, value)) &&
    query.words.every(
      (word) =>
        has(nameOf(row), word) ||
        has(row.id, word) ||
        has(row.image ?? '', word) ||
        row.holders.some((held) => has(held.holder, word) || has(holderName(held), word)),
    )
  )
}

export type Show = 'all' | Place

export type GroupBy = 'state' | 'holder' | 'flat'

export type SortColumn = 'status' | 'thread' | 'image' | 'held' | 'age' | 'left' | 'cpu' | 'memory'

export interface Sort {
  readonly column: SortColumn
  readonly direction: 'ascending' | 'descending'
}

/** How the list is looked at. */
export interface View {
  readonly show: Show
  readonly find: string
  readonly by: GroupBy
  /** null: the newest first. */
  readonly sort: Sort | null
}

export const plainView: View = { show: 'all', find: '', by: 'state', sort: null }

/** What one uses, as far as sorting goes; null: not known. */
export type Used = (id: string) => { readonly cpu: number | null; readonly memory: number | null }

export interface Arranged {
  readonly groups: readonly Group<ListRow>[]
  readonly counts: Readonly<Record<Show, number>>
  /** Rows shown, and rows that would be without the words typed. */
  readonly shown: number
  readonly outOf: number
  /** For the next time: where each stood, and in which order. */
  readonly memory: Memory
}

export interface Memory {
  readonly places: ReadonlyMap<string, Place>
  readonly signature: string
  readonly order: readonly string[]
}

export const noMemory: Memory = { places: new Map(), signature: '', order: [] }

/**
 * Rows in groups and in order. Values change twenty times a second; the order is made anew only when the list's own shape did: who is
 * in it, where each stands, or how it is looked at. Between, every row keeps its line.
 */
export function arrange(rows: readonly ListRow[], view: View, query: Query, used: Used, before: Memory): Arranged {
  const stands = new Map<string, Place>()
  const byId = new Map<string, ListRow>()
  for (const row of rows) {
    const id = rowId(row)
    byId.set(id, row)
    stands.set(id, placeOf(row, before.places.get(id)))
  }
  const counts: Record<Show, number> = { all: rows.length, failed: 0, active: 0, warm: 0, slots: 0 }
  for (const place of stands.values()) counts[place] += 1
  const inShow = rows.filter((row) => view.show === 'all' || stands.get(rowId(row)) === view.show)
  const hits = isEmpty(query) ? inShow : inShow.filter((row) => matches(row, query))
  const by = view.by === 'state' && view.show !== 'all' ? 'flat' : view.by
  const keyOf = (row: ListRow) => (by === 'flat' ? '' : by === 'holder' ? holderKey(row) : (stands.get(rowId(row)) ?? ''))
  const signature = JSON.stringify([view.show, by, view.sort, hits.map((row) => [rowId(row), stands.get(rowId(row)), keyOf(row)])])
  const order = signature === before.signature ? before.order : sorted(hits, stands, view.sort, used).map(rowId)
  const grouped = new Map<string, ListRow[]>()
  for (const id of order) {
    const row = byId.get(id)
    if (row === undefined) continue
    const key = keyOf(row)
    const there = grouped.get(key)
    if (there) there.push(row)
    else grouped.set(key, [row])
  }
  const keys = by === 'state' ? places.filter((place) => grouped.has(place)) : [...grouped.keys()].sort(holderOrder)
  return {
    groups: keys.map((key) => ({ id: key === '' ? 'all' : key, ...(by === 'flat' ? {} : { title: key }), rows: grouped.get(key) ?? [] })),
    counts,
    shown: hits.length,
    outOf: inShow.length,
    memory: { places: stands, signature, order },
  }
}

/** Group of what nobody holds. */
export const nobody = ' '

function holderKey(row: ListRow): string {
  return isSlot(row) ? nobody : (holdersOf(row)[0] ?? nobody)
}

function holderOrder(a: string, b: string): number {
  return a === nobody ? 1 : b === nobody ? -1 : words.compare(a, b)
}

const words = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

function sorted(rows: readonly ListRow[], stands: ReadonlyMap<string, Place>, sort: Sort | null, used: Used): ListRow[] {
  const natural = (a: ListRow, b: ListRow) =>
    places.indexOf(stands.get(rowId(a)) ?? 'slots') - places.indexOf(stands.get(rowId(b)) ?? 'slots') ||
    (isSlot(a) && isSlot(b) ? words.compare(a.name, b.name) : 0) ||
    (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0) ||
    (rowId(a) < rowId(b) ? -1 : 1)
  if (sort === null) return [...rows].sort(natural)
  const sign = sort.direction === 'ascending' ? 1 : -1
  const keys = new Map(rows.map((row) => [row, sortKey(row, sort.column, stands, used)]))
  return [...rows].sort((a, b) => {
    const [x, y] = [keys.get(a) ?? null, keys.get(b) ?? null]
    // What has no value is last, whichever way.
    if (x === null || y === null) return x === y ? natural(a, b) : x === null ? 1 : -1
    return sign * (typeof x === 'string' || typeof y === 'string' ? words.compare(String(x), String(y)) : x - y) || natural(a, b)
  })
}

function sortKey(row: ListRow, column: SortColumn, stands: ReadonlyMap<string, Place>, used: Used): string | number | null {
  switch (column) {
    case 'status':
      return places.indexOf(stands.get(rowId(row)) ?? 'slots')
    case 'thread':
      return nameOf(row)
    case 'image':
      return row.image
    case 'held':
      return isSlot(row) ? null : (holdersOf(row)[0] ?? null)
    case 'age':
      return -Date.parse(row.created_at)
    // What is kept or works is reaped last of all.
    case 'left':
      return isSlot(row) || row.status === 'failed' || row.status === 'stopping'
        ? null
        : row.expires_at === null
          ? Number.MAX_SAFE_INTEGER
          : Date.parse(row.expires_at)
    case 'cpu':
      return used(rowId(row)).cpu
    case 'memory':
      return used(rowId(row)).memory
  }
}

const downFirst: ReadonlySet<SortColumn> = new Set(['age', 'cpu', 'memory'])

/** What a press on a column's head does: its usual direction, the other one, and back to the list's own order. */
export function afterHead(sort: Sort | null, column: SortColumn): Sort | null {
  const first = downFirst.has(column) ? 'descending' : 'ascending'
  if (sort?.column !== column) return { column, direction: first }
  return sort.direction === first ? { column, direction: first === 'ascending' ? 'descending' : 'ascending' } : null
}
