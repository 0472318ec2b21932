import type { Column } from '../parts/grid/columns.ts'
import { Status } from '../parts/signs/status.tsx'
import { sandboxesWords as words } from '../words/sandboxes.ts'
import { AgeCell, CpuCell, HeldCell, ImageCell, LeftCell, MemoryCell, NameCell, StatusCell } from './cells.tsx'
import { ActionsCell } from './row-cells.tsx'
import type { Row, Sorting } from './rows.logic.ts'
import type { Courses } from './use-gauges.ts'

/** The columns of the list, in the order in which they fold from the right. */
export function columnsOf(courses: Courses, sorting: Sorting | null, sort: (by: Sorting['by']) => void): readonly Column<Row>[] {
  const sorts = (by: Sorting['by']) => ({ sort: sorting?.by === by ? sorting.direction : ('none' as const), onSort: () => sort(by) })
  const { columns } = words
  return [
    { id: 'status', title: columns.status, className: 'c-status', cell: (row) => (row.kind === 'slot' ? <Status status="slot" /> : <StatusCell sandbox={row.sandbox} />) },
    { id: 'thread', title: columns.thread, head: true, ...sorts('thread'), cell: (row) => (row.kind === 'slot' ? <span className="mid">{words.slot(row.n)}</span> : <NameCell sandbox={row.sandbox} />) },
    { id: 'image', title: columns.image, className: 'c-image mid', cell: (row) => <ImageCell image={row.kind === 'slot' ? row.slot.image : row.sandbox.image} /> },
    { id: 'held', title: columns.held, className: 'c-held', cell: (row) => (row.kind === 'slot' ? <span className="dim">–</span> : <HeldCell sandbox={row.sandbox} />) },
    { id: 'age', title: columns.age, className: 'c-age mid', num: true, ...sorts('age'), cell: (row) => <AgeCell since={row.kind === 'slot' ? row.slot.created_at : row.sandbox.created_at} /> },
    { id: 'left', title: columns.left, className: 'c-left', num: true, ...sorts('left'), cell: (row) => (row.kind === 'slot' ? <span className="dim">{words.kept}</span> : <LeftCell sandbox={row.sandbox} />) },
    { id: 'cpu', title: columns.cpu, className: 'c-cpu', num: true, ...sorts('cpu'), cell: (row) => (row.kind === 'slot' ? null : <CpuCell course={courses.get(row.id)} paused={row.sandbox.status === 'paused'} />) },
    { id: 'memory', title: columns.memory, className: 'c-mem', num: true, ...sorts('memory'), cell: (row) => (row.kind === 'slot' ? null : <MemoryCell course={courses.get(row.id)} />) },
    { id: 'actions', title: columns.actions, hideTitle: true, className: 'c-act actions', cell: (row) => (row.kind === 'slot' ? null : <ActionsCell sandbox={row.sandbox} />) },
  ]
}
