import { useMemo, useState } from 'react'
import { useNow } from '../../state/contexts.ts'
import { Empty } from '../../parts/blocks.tsx'
import { Button } from '../../parts/buttons.tsx'
import type { Column } from '../../parts/grid/columns.ts'
import { Grid } from '../../parts/grid/grid.tsx'
import { type Chosen, found } from '../../parts/grid/grid.logic.ts'
import { Icon } from '../../parts/indicators.tsx'
import { fileWords } from './files.words.ts'
import { useFormat } from '../../words/format.ts'
import { type FileRow, type FileSort, shownName, sorted, sortedBy } from './files.logic.ts'

const hiddenKey = 'berth.files.hidden'

export interface FileListProps {
  readonly path: string
  /** null: being read. */
  readonly files: readonly FileRow[] | null
  readonly chosen: Chosen
  readonly onChoose: (chosen: Chosen) => void
  readonly onOpen: (file: FileRow) => void
  readonly onUp: () => void
  /** What this look has done, beside the sum. */
  readonly note: string | null
}

export function FileList({ path, files, chosen, onChoose, onOpen, onUp, note }: FileListProps) {
  const format = useFormat()
  const now = new Date(useNow('minute'))
  const [sort, setSort] = useState<FileSort>({ by: 'name', up: true })
  const [hidden, setHidden] = useState(() => localStorage.getItem(hiddenKey) === 'shown')
  const compare = useMemo(() => new Intl.Collator(undefined, { numeric: true }).compare, [])
  const rows = useMemo(() => sorted(files ?? [], sort, hidden, compare), [files, sort, hidden, compare])
  const groups = useMemo(() => [{ id: 'files', rows }], [rows])
  const head = (by: FileSort['by']) => ({
    sort: sort.by === by ? (sort.up ? ('ascending' as const) : ('descending' as const)) : ('none' as const),
    onSort: () => setSort((before) => sortedBy(before, by)),
  })
  const columns: readonly Column<FileRow>[] = [
    {
      id: 'name',
      title: fileWords.name,
      head: true,
      ...head('name'),
      cell: ({ name, directory }) => (
        <span className="fname">
          <Icon name={directory ? 'folder' : 'file'} />
          <span className="cut" title={shownName(name)}>
            {shownName(name)}
          </span>
        </span>
      ),
    },
    {
      id: 'size',
      title: fileWords.size,
      num: true,
      className: 'c-size',
      ...head('size'),
      cell: ({ size, directory }) => <span className="mid">{directory || size === null ? '' : format.size(size)}</span>,
    },
    {
      id: 'changed',
      title: fileWords.changed,
      num: true,
      className: 'c-mod',
      ...head('changed'),
      cell: ({ modified_at }) =>
        modified_at === null ? (
          ''
        ) : (
          <time className="mid" dateTime={modified_at} title={format.full(new Date(modified_at))}>
            {format.when(new Date(modified_at), now)}
          </time>
        ),
    },
  ]

  function toggle(): void {
    localStorage.setItem(hiddenKey, hidden ? 'not' : 'shown')
    setHidden(!hidden)
  }

  const all = files?.length ?? 0
  const secret = (files ?? []).filter(({ name }) => name.startsWith('.')).length
  return (
    <div
      className="filesbox"
      role="group"
      aria-label={fileWords.list(path)}
      tabIndex={-1}
      onKeyDown={(event) => {
        const box = event.currentTarget
        // Of the box itself, where no row is or none has been chosen; a row's own are below.
        if (event.target !== box || event.ctrlKey || event.metaKey || event.altKey) return
        if (event.key === 'Backspace') onUp()
        else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') box.querySelector<HTMLElement>('[data-row]')?.focus()
        else if (/^[\p{L}\p{N}]$/u.test(event.key) && !'gn'.includes(event.key)) {
          const hit =
            rows[
              found(
                rows.map(({ name }) => name),
                -1,
                event.key,
              ) ?? -1
            ]
          if (hit) box.querySelector<HTMLElement>(`[data-row="${CSS.escape(hit.path)}"]`)?.focus()
        } else return
        event.preventDefault()
        event.stopPropagation()
      }}
    >
      <Grid
        label={fileWords.list(path)}
        columns={columns}
        groups={groups}
        id={(row) => row.path}
        text={({ name }) => name}
        chosen={chosen}
        onChoose={onChoose}
        onOpen={onOpen}
        reserved=""
        className="filelist"
        onKey={(event) => {
          if (event.key !== 'Backspace' || event.ctrlKey || event.metaKey || event.altKey) return false
          onUp()
          return true
        }}
        empty={files === null ? null : <Empty title={all === 0 ? fileWords.empty : fileWords.onlyHidden}>{all === 0 ? fileWords.emptyMore : null}</Empty>}
      />
      <div className="filesum dim small">
        <span role="status">
          {files === null
            ? ''
            : fileWords.entries(
                format.count(rows.length, 'entry', 'entries'),
                format.size(rows.reduce((sum, { size, directory }) => sum + (directory ? 0 : (size ?? 0)), 0)),
              )}
          {note === null ? '' : ` ${note}`}
        </span>
        {secret === 0 ? null : (
          <Button kind="quiet" small aria-pressed={hidden} className="toggle" onClick={toggle}>
            {fileWords.hidden} <span className="n">{format.number(secret)}</span>
          </Button>
        )}
      </div>
    </div>
  )
}
