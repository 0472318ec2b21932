import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, memo, type MouseEvent, type ReactNode, useCallback, useLayoutEffect, useMemo, useRef } from 'react'
import { type Column, type Group, linesOf } from './columns.ts'
import { afterChange, afterKey, afterPress, type Chosen, found } from './grid.logic.ts'
import { rove } from '../buttons.tsx'
import { Icon } from '../indicators.tsx'
import { InRow } from '../overlays.tsx'
import { sequenceMs } from '../key-caps.ts'

export interface GridRowProps<R> {
  readonly row: R
  readonly id: string
  readonly index: number
  readonly columns: readonly Column<R>[]
  readonly selected: boolean
  /** The one tab stop of the list. */
  readonly stop: boolean
  /** Of its group: no line under it. */
  readonly last: boolean
  readonly cells: ((row: R) => ReactNode) | undefined
  readonly className: string | undefined
}

function PlainRow<R>({ row, id, index, columns, selected, stop, last, cells, className }: GridRowProps<R>) {
  return (
    <tr className={last ? `last ${className ?? ''}`.trim() : className} data-row={id} aria-rowindex={index} aria-selected={selected} tabIndex={stop ? 0 : -1}>
      <InRow value>
        {cells?.(row) ??
          columns.map((column) => {
            const classes = [column.num ? 'num' : '', column.className ?? ''].join(' ').trim() || undefined
            return column.head ? (
              <th key={column.id} scope="row" className={classes}>
                {column.cell(row)}
              </th>
            ) : (
              <td key={column.id} className={classes}>
                {column.cell(row)}
              </td>
            )
          })}
      </InRow>
    </tr>
  )
}

/** Drawn again only when its own row changed: a list of hundreds changes twenty times a second. */
const GridRow = memo(PlainRow) as typeof PlainRow

const rowHeight = 30
const headHeight = 36
/** More rows than this are drawn only where they are in sight. */
const many = 100

export interface GridProps<R> {
  readonly label: string
  readonly columns: readonly Column<R>[]
  readonly groups: readonly Group<R>[]
  readonly id: (row: R) => string
  /** What is typed to find it. */
  readonly text: (row: R) => string
  readonly chosen: Chosen
  readonly onChoose: (chosen: Chosen) => void
  /** Enter, or a double click. */
  readonly onOpen?: ((row: R) => void) | undefined
  /** A key on a row, before the grid's own; true: it was taken. */
  readonly onKey?: ((event: KeyboardEvent, row: R | null) => boolean) | undefined
  /** Letters that are commands here, e.g. `tlrn`: they do not begin a search by typing. */
  readonly reserved?: string | undefined
  /** The whole row's cells, where it is not one cell a column: a failure, a progress. Native `td`s. Stable, or every row is drawn anew. */
  readonly cells?: ((row: R) => ReactNode) | undefined
  readonly rowClass?: ((row: R) => string | undefined) | undefined
  /** Height in px of a row that is not a plain one. */
  readonly height?: ((row: R) => number) | undefined
  readonly className?: string | undefined
  /** Instead of rows. */
  readonly empty?: ReactNode
  /** The box that scrolls is the grid's own. */
  readonly onContextMenu?: ((event: MouseEvent, row: R) => void) | undefined
}

/**
 * A list by keyboard: ↑↓ Home End move, with Shift they extend, with Ctrl/⌘ they move only; Space selects, Enter opens, → goes to the
 * row's own buttons and Esc back; letters find. One tab stop, and one for the sorting heads.
 */
export function Grid<R>(props: GridProps<R>) {
  const { label, columns, groups, id, text, chosen, onChoose, onOpen, onKey, reserved = '', cells, rowClass, height, className = '', empty } = props
  const box = useRef<HTMLDivElement>(null)
  const lines = useMemo(() => linesOf(groups, id), [groups, id])
  const rows = useMemo(() => lines.filter((line) => line.kind === 'row'), [lines])
  const ids = useMemo(() => rows.map((line) => line.id), [rows])
  const find = useTypeToFind(reserved)
  const virtual = lines.length > many
  const at = chosen.current === null ? -1 : ids.indexOf(chosen.current)
  const lineAt = chosen.current === null ? -1 : lines.findIndex((line) => line.id === chosen.current)

  const virtualizer = useVirtualizer({
    count: lines.length,
    enabled: virtual,
    getScrollElement: () => box.current,
    // The head covers the first 28 px of what scrolls.
    scrollPaddingEnd: 28,
    estimateSize: (index) => {
      const line = lines[index]
      return line === undefined || line.kind === 'head' ? headHeight : (height?.(line.row) ?? rowHeight)
    },
    getItemKey: (index) => lines[index]?.id ?? index,
    // The row under the keyboard stays drawn, or the focus would be lost by scrolling.
    rangeExtractor: ({ startIndex, endIndex, overscan }) => {
      const from = Math.max(0, startIndex - overscan)
      const to = Math.min(lines.length - 1, endIndex + overscan)
      const range = Array.from({ length: to - from + 1 }, (_, step) => from + step)
      return lineAt < 0 || (lineAt >= from && lineAt <= to) ? range : lineAt < from ? [lineAt, ...range] : [...range, lineAt]
    },
    overscan: 8,
  })

  // The focus follows the choice, but only when it is in the list already.
  const focused = useRef(false)
  const last = useRef(at)
  const want = useRef(false)
  useLayoutEffect(() => {
    const next = afterChange(chosen, ids, last.current)
    if (next !== chosen) {
      want.current = focused.current
      onChoose(next)
      return
    }
    last.current = at
    if (!want.current || chosen.current === null) return
    want.current = false
    if (virtual && lineAt >= 0) virtualizer.scrollToIndex(lineAt, { align: 'auto' })
    const row = box.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(chosen.current)}"]`)
    row?.focus({ preventScroll: true })
    if (!virtual) row?.scrollIntoView({ block: 'nearest' })
  })

  const choose = (next: Chosen) => {
    want.current = true
    onChoose(next)
  }

  function keys(event: KeyboardEvent<HTMLElement>): void {
    const target = event.target as HTMLElement
    const own = target.closest<HTMLElement>('[data-row]')
    // The tip of a button takes Esc as well; the way back must not need a second one.
    if (event.key === 'Escape' && own && own !== target) return own.focus()
    if (event.defaultPrevented || target.closest('thead, input, textarea, [contenteditable]')) return
    const row = rows[at]
    if (own === target && onKey?.(event, row?.kind === 'row' ? row.row : null)) return event.preventDefault()
    if (own && intoRow(event, own, target)) return event.preventDefault()
    if (own !== target) return
    if (event.key === 'Enter' && row?.kind === 'row' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault()
      onOpen?.(row.row)
      return
    }
    const mod = event.ctrlKey || event.metaKey
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 300) / rowHeight) - 2)
    if (!mod && !event.altKey) {
      const hit = find(
        event.key,
        rows.map((line) => text(line.row)),
        at,
        event.timeStamp,
      )
      const next = hit === null ? undefined : ids[hit]
      if (next !== undefined) {
        event.preventDefault()
        event.stopPropagation()
        return choose({ current: next, selected: new Set([next]), anchor: next })
      }
    }
    const next = afterKey(chosen, ids, { key: event.key, shift: event.shiftKey, mod, page })
    if (next === null) return
    event.preventDefault()
    event.stopPropagation()
    choose(next)
  }

  function pressed(event: MouseEvent<HTMLElement>): void {
    const row = rowOf(event)
    if (row === null) return
    choose(afterPress(chosen, ids, row, { shift: event.shiftKey, mod: event.ctrlKey || event.metaKey }))
    if (event.shiftKey) getSelection()?.removeAllRanges()
  }

  const openAt = useCallback(
    (row: string) => {
      const line = rows.find((one) => one.id === row)
      if (line) onOpen?.(line.row)
    },
    [rows, onOpen],
  )

  const items = virtual ? virtualizer.getVirtualItems() : null
  const stop = at >= 0 ? chosen.current : ids[0]
  const drawn =
    items === null
      ? lines.map((line, index) => ({ line, index }))
      : items.flatMap(({ index }) => {
          const line = lines[index]
          return line ? [{ line, index }] : []
        })
  const body: ReactNode[] = []
  let edge = 0
  for (const { line, index } of drawn) {
    if (items !== null) {
      const start = items.find((item) => item.index === index)?.start ?? 0
      if (start > edge + 1)
        body.push(
          <tr key={`gap-${edge}`} aria-hidden="true" className="spacer">
            <td colSpan={columns.length} style={{ height: start - edge }} />
          </tr>,
        )
      edge = items.find((item) => item.index === index)?.end ?? start
    }
    body.push(
      line.kind === 'head' ? (
        <tr key={line.id} className="head" aria-rowindex={index + 2}>
          <th colSpan={columns.length} scope="rowgroup">
            {line.group.title}
            <span className="n">{line.group.rows.length}</span>
            {line.group.why === undefined ? null : <span className="why">{line.group.why}</span>}
          </th>
        </tr>
      ) : (
        <GridRow
          key={line.id}
          row={line.row}
          id={line.id}
          index={index + 2}
          columns={columns}
          selected={chosen.selected.has(line.id)}
          stop={line.id === stop}
          last={lines[index + 1]?.kind !== 'row'}
          cells={cells}
          className={rowClass?.(line.row)}
        />
      ),
    )
  }
  if (items !== null && virtualizer.getTotalSize() > edge + 1) {
    body.push(
      <tr key="gap-end" aria-hidden="true" className="spacer">
        <td colSpan={columns.length} style={{ height: virtualizer.getTotalSize() - edge }} />
      </tr>,
    )
  }

  return (
    <div className="scroll list" ref={box}>
      <table
        className={`table ${className}`}
        role="grid"
        aria-label={label}
        aria-multiselectable="true"
        aria-rowcount={lines.length + 1}
        onKeyDown={keys}
        onClick={pressed}
        onDoubleClick={(event) => {
          const row = rowOf(event)
          if (row !== null) openAt(row)
        }}
        onContextMenu={(event) => {
          const row = (event.target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset.row
          const line = rows.find((one) => one.id === row)
          if (line) props.onContextMenu?.(event, line.row)
        }}
        onFocus={(event) => {
          focused.current = true
          const row = (event.target as HTMLElement).dataset.row
          if (row !== undefined && chosen.current === null) onChoose({ current: row, selected: new Set([row]), anchor: row })
        }}
        onBlur={(event) => {
          // A row that is removed while it has the focus blurs to nowhere: its neighbour takes the focus then.
          const { target, currentTarget, relatedTarget } = event
          if (currentTarget.contains(relatedTarget)) return
          if (relatedTarget !== null) focused.current = false
          else
            queueMicrotask(() => {
              if (target.isConnected) focused.current = false
            })
        }}
      >
        <GridHead columns={columns} />
        <tbody>{body}</tbody>
      </table>
      {rows.length === 0 ? empty : null}
    </div>
  )
}

/** A press on a row itself, not on a control in it. */
function rowOf(event: MouseEvent): string | null {
  const target = event.target as HTMLElement
  if (target.closest('button, a, input, summary, [role="menuitem"]')) return null
  return target.closest<HTMLElement>('[data-row]')?.dataset.row ?? null
}

/** ←→ among a row and its controls. */
function intoRow(event: KeyboardEvent, row: HTMLElement, target: HTMLElement): boolean {
  if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return false
  const stops = [row, ...row.querySelectorAll<HTMLElement>('button:not(:disabled), a[href], input')]
  const at = stops.indexOf(target) + (event.key === 'ArrowRight' ? 1 : -1)
  stops[Math.max(0, Math.min(at, stops.length - 1))]?.focus()
  return true
}

/** Column titles; those that sort are one tab stop together. */
function GridHead<R>({ columns }: { columns: readonly Column<R>[] }) {
  const sortable = columns.filter((column) => column.onSort !== undefined)
  const stop = (sortable.find((column) => column.sort !== undefined && column.sort !== 'none') ?? sortable[0])?.id
  return (
    <thead>
      <tr aria-rowindex={1} onKeyDown={(event) => rove(event)}>
        {columns.map((column) => (
          <th
            key={column.id}
            scope="col"
            className={[column.num ? 'num' : '', column.className ?? ''].join(' ').trim() || undefined}
            aria-sort={column.onSort === undefined ? undefined : (column.sort ?? 'none')}
          >
            {column.hideTitle ? (
              <span className="sr">{column.title}</span>
            ) : column.onSort === undefined ? (
              column.title
            ) : (
              <button type="button" tabIndex={column.id === stop ? 0 : -1} onClick={column.onSort}>
                {column.title}
                {column.sort === 'ascending' ? <Icon name="up" /> : column.sort === 'descending' ? <Icon name="down" /> : null}
              </button>
            )}
          </th>
        ))}
      </tr>
    </thead>
  )
}

const pause = 700

/**
 * Letters typed in a list lead to the row that begins with them. `reserved` letters do something else there: they count only
 * once a word has been begun. The letter after a first `g` is the other half of a way to a screen,
 * and `n` makes a sandbox everywhere.
 */
function useTypeToFind(reserved: string): (key: string, texts: readonly string[], at: number, now: number) => number | null {
  const typed = useRef({ text: '', at: 0 })
  const way = useRef<number | null>(null)
  return (key, texts, at, now) => {
    if (key.length !== 1 || key === ' ') return null
    const going = now - typed.current.at < pause && typed.current.text !== ''
    const second = way.current !== null && now - way.current <= sequenceMs
    way.current = !going && !second && key === 'g' ? now : null
    if (second || way.current !== null) return null
    if (!going && (`n${reserved}`.includes(key.toLowerCase()) || !/[\p{L}\p{N}]/u.test(key))) return null
    const text = going ? typed.current.text + key : key
    typed.current = { text, at: now }
    return found(texts, at, text) ?? at
  }
}
