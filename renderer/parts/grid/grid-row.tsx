import { memo, type ReactNode } from 'react'
import { InRow } from '../floats/within.ts'
import type { Column } from './columns.ts'

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
        {cells?.(row) ?? columns.map((column) => {
          const classes = [column.num ? 'num' : '', column.className ?? ''].join(' ').trim() || undefined
          return column.head
            ? <th key={column.id} scope="row" className={classes}>{column.cell(row)}</th>
            : <td key={column.id} className={classes}>{column.cell(row)}</td>
        })}
      </InRow>
    </tr>
  )
}

/** Drawn again only when its own row changed: a list of hundreds changes twenty times a second. */
export const GridRow = memo(PlainRow) as typeof PlainRow
