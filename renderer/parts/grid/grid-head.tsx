import { rove } from '../buttons/roving.ts'
import { Icon } from '../signs/icon.tsx'
import type { Column } from './columns.ts'

/** Column titles; those that sort are one tab stop together. */
export function GridHead<R>({ columns }: { columns: readonly Column<R>[] }) {
  const sortable = columns.filter((column) => column.onSort !== undefined)
  const stop = (sortable.find((column) => column.sort !== undefined && column.sort !== 'none') ?? sortable[0])?.id
  return (
    <thead>
      <tr aria-rowindex={1} onKeyDown={(event) => rove(event)}>
        {columns.map((column) => (
          <th
            key={column.id} scope="col" className={[column.num ? 'num' : '', column.className ?? ''].join(' ').trim() || undefined}
            aria-sort={column.onSort === undefined ? undefined : column.sort ?? 'none'}
          >
            {column.hideTitle ? <span className="sr">{column.title}</span> : column.onSort === undefined ? column.title : (
              <button type="button" tabIndex={column.id === stop ? 0 : -1} onClick={column.onSort}>
                {column.title}{column.sort === 'ascending' ? <Icon name="up" /> : column.sort === 'descending' ? <Icon name="down" /> : null}
              </button>
            )}
          </th>
        ))}
      </tr>
    </thead>
  )
}
