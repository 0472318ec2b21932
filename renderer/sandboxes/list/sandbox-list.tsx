import { useCallback, useMemo, type KeyboardEvent, type ReactNode } from 'react'
import { Grid } from '../../parts/grid/grid.tsx'
import type { Chosen } from '../../parts/grid/grid.logic.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { nobody, type Arranged, type Sort, type View } from './arrange.logic.ts'
import { listColumns } from './list-columns.tsx'
import type { MenuPlace } from './row-menu.tsx'
import { isSlot, nameOf, rowId, type ListRow, type Place } from './rows.logic.ts'
import { CreatingCells, FailedCells } from './special-cells.tsx'

/** Letters that do something here, and those that begin a sequence: they do not begin a search by typing. */
const reserved = 'tlrng'

export interface SandboxListProps {
  readonly arranged: Arranged
  readonly view: View
  readonly onSort: (sort: Sort | null) => void
  readonly chosen: Chosen
  readonly onChoose: (chosen: Chosen) => void
  readonly onOpen: (row: ListRow) => void
  readonly onMenu: (id: string, at: MenuPlace) => void
  readonly empty: ReactNode
}

export function SandboxList({ arranged, view, onSort, chosen, onChoose, onOpen, onMenu, empty }: SandboxListProps) {
  const columns = useMemo(() => listColumns(view.sort, onSort), [view.sort, onSort])
  const groups = useMemo(() => arranged.groups.map((group) => ({ ...group, ...titleOf(group.title) })), [arranged])
  const cells = useCallback(cellsOf, [])
  return (
    <Grid
      label={sandboxesWords.title} className="sandboxes" columns={columns} groups={groups} id={rowId} text={nameOf} chosen={chosen} onChoose={onChoose}
      onOpen={onOpen} reserved={reserved} cells={cells} rowClass={classOf} empty={empty}
      onKey={(event, row) => menuKey(event) && row !== null && !isSlot(row) ? (onMenu(rowId(row), event.currentTarget.querySelector(`[data-row="${CSS.escape(rowId(row))}"] .actions`) ?? event.currentTarget), true) : false}
      onContextMenu={(event, row) => {
        if (isSlot(row)) return
        event.preventDefault()
        const point = DOMRect.fromRect({ x: event.clientX, y: event.clientY, width: 0, height: 0 })
        onMenu(rowId(row), { getBoundingClientRect: () => point })
      }}
    />
  )
}

function cellsOf(row: ListRow): ReactNode {
  if (isSlot(row)) return null
  if (row.status === 'failed') return <FailedCells row={row} />
  return row.status === 'creating' ? <CreatingCells row={row} /> : null
}

function classOf(row: ListRow): string | undefined {
  return !isSlot(row) && row.status === 'failed' ? 'tall' : undefined
}

/** The key for a context menu, or its combination. */
function menuKey(event: KeyboardEvent): boolean {
  return event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)
}

function titleOf(key: string | undefined): { title?: string; why?: string } {
  if (key === undefined) return {}
  if (key === nobody) return { title: sandboxesWords.nobody }
  const known = Object.hasOwn(sandboxesWords.groups, key) ? sandboxesWords.groups[key as Place] : undefined
  return known === undefined ? { title: key } : { title: known.title, ...(known.why === undefined ? {} : { why: known.why }) }
}
