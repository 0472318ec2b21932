import type { ReactNode } from 'react'

export interface Column<R> {
  readonly id: string
  readonly title: string
  /** The title is for screen readers only. */
  readonly hideTitle?: boolean | undefined
  readonly className?: string | undefined
  readonly num?: boolean | undefined
  /** Names the row: one a grid. */
  readonly head?: boolean | undefined
  /** How the list is sorted by it now; undefined: it cannot be. */
  readonly sort?: 'ascending' | 'descending' | 'none' | undefined
  readonly onSort?: (() => void) | undefined
  readonly cell: (row: R) => ReactNode
}

export interface Group<R> {
  readonly id: string
  /** Without a title: rows only. */
  readonly title?: string | undefined
  /** Quieter, after the title and the count. */
  readonly why?: string | undefined
  readonly rows: readonly R[]
}

/** One line of the body, as it is numbered for screen readers. */
export type Line<R> = { readonly kind: 'head'; readonly id: string; readonly group: Group<R> } | { readonly kind: 'row'; readonly id: string; readonly row: R }

export function linesOf<R>(groups: readonly Group<R>[], id: (row: R) => string): Line<R>[] {
  return groups.flatMap((group): Line<R>[] =>
    group.rows.length === 0
      ? []
      : [
          ...(group.title === undefined ? [] : [{ kind: 'head' as const, id: `group:${group.id}`, group }]),
          ...group.rows.map((row) => ({ kind: 'row' as const, id: id(row), row })),
        ],
  )
}
