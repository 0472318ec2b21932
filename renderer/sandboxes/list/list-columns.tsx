import { holdersOf } from '../../words/who.ts'
import type { Column } from '../../parts/grid/columns.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { afterHead, type Sort, type SortColumn } from './arrange.logic.ts'
import { AgeCell, HeldCell, ImageCell, LeftCell, freeSince, StatusCell, ThreadCell } from './cells.tsx'
import { CpuCell, MemoryCell } from './gauge-cells.tsx'
import { isHeld, RowActions } from './row-actions.tsx'
import { isSlot, nameOf, type ListRow } from './rows.logic.ts'

const words = sandboxesWords.columns

/** The columns; every head sorts. Made anew only when the sorting changed. */
export function listColumns(sort: Sort | null, onSort: (sort: Sort | null) => void): readonly Column<ListRow>[] {
  const head = (column: SortColumn) => ({
    id: column, title: words[column], sort: sort?.column === column ? sort.direction : 'none' as const, onSort: () => onSort(afterHead(sort, column)),
  })
  return [
    { ...head('status'), className: 'c-status', cell: (row) => <StatusCell status={isSlot(row) ? 'slot' : row.status} kept={isSlot(row) || row.status === 'stopping'} /> },
    {
      ...head('thread'), head: true,
      cell: (row) => isSlot(row) ? <span className="mid" title={row.name}>{nameOf(row)}</span> : <ThreadCell thread={row.thread} id={row.id} user={row.user} isolation={row.isolation} />,
    },
    { ...head('image'), className: 'c-image mid', cell: (row) => <ImageCell image={row.image} /> },
    { ...head('held'), className: 'c-held', cell: (row) => isSlot(row) ? <SlotState state={row.state} /> : <Held row={row} /> },
    { ...head('age'), num: true, className: 'c-age', cell: (row) => <AgeCell since={row.created_at} /> },
    { ...head('left'), num: true, className: 'c-left', cell: (row) => <LeftCell row={row} /> },
    { ...head('cpu'), num: true, className: 'c-cpu', cell: (row) => isSlot(row) ? <span className="dim">–</span> : <CpuCell id={row.id} paused={row.status === 'paused'} /> },
    { ...head('memory'), num: true, className: 'c-mem', cell: (row) => isSlot(row) ? <span className="dim">–</span> : <MemoryCell id={row.id} /> },
    {
      id: 'actions', title: words.actions, hideTitle: true, className: 'actions c-act',
      cell: (row) => isSlot(row) || row.status === 'stopping' ? null : <RowActions id={row.id} held={isHeld(row)} />,
    },
  ]
}

function Held({ row }: { row: Extract<ListRow, { id: string }> }) {
  return <HeldCell holders={holdersOf(row).join('\n')} free={freeSince(row)} />
}

function SlotState({ state }: { state: 'starting' | 'ready' | 'paused' }) {
  const { slotStarting, slotPaused } = sandboxesWords.row
  return <span className="dim">{state === 'ready' ? '–' : state === 'starting' ? slotStarting : slotPaused}</span>
}
