import { type KeyboardEvent, memo, type ReactNode, useCallback, useMemo } from 'react'
import { Grid } from '../../parts/grid/grid.tsx'
import type { Chosen } from '../../parts/grid/grid.logic.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { afterHead, type Arranged, nobody, type Sort, type SortColumn, type View } from './arrange.logic.ts'
import { isSlot, type ListRow, nameOf, type Place, rowId } from '../../state/rows.logic.ts'
import { CancelAction, FailedActions, isHeld, type MenuPlace, RowActions } from './row-actions.tsx'
import { holdersOf } from '../../words/who.ts'
import type { Column } from '../../parts/grid/columns.ts'
import type { SandboxRow } from '../../../shared/state.ts'
import { useHouse, useNow } from '../../state/contexts.ts'
import { shareOf } from '../../state/pull.logic.ts'
import { Chip, Cut, Icon, Progress, Spark, Status, type StatusName } from '../../parts/indicators.tsx'
import { useFormat } from '../../words/format.ts'
import { useListFacts, useSeries } from './gauge-store.ts'
import { leftOf } from './time.logic.ts'
import { cpuShare, nearLimit } from './gauges.logic.ts'

/** CPU as a share of the sandbox's limit, with the last two minutes of it. */
const CpuCell = memo(function CpuCell({ id, paused }: { id: string; paused: boolean }) {
  const { unknown } = useListFacts()
  const series = useSeries(id)
  const format = useFormat()
  if (paused && !unknown)
    return (
      <span className="gauge">
        <span className="dim">{sandboxesWords.row.paused}</span>
      </span>
    )
  const share = series === null || unknown ? null : cpuShare(series.last)
  if (series === null || share === null)
    return (
      <span className="gauge">
        <span className="w-pct dim">–</span>
      </span>
    )
  return (
    <span className="gauge">
      <Spark values={series.cpu} limit={1} />
      <span className="w-pct">{format.percent(share)}</span>
    </span>
  )
})

/** The top of the small picture where there is no limit: against its own maximum every sandbox would look full. */
const unlimitedTop = 2 ** 30

/** Memory in use; near its limit it is said by weight, a sign and a word, not by colour alone. */
const MemoryCell = memo(function MemoryCell({ id }: { id: string }) {
  const { unknown } = useListFacts()
  const series = useSeries(id)
  const format = useFormat()
  const last = series?.last ?? null
  if (unknown || series === null || last === null || last.memory === null)
    return (
      <span className="gauge">
        <span className="w-mem dim">–</span>
      </span>
    )
  const high = nearLimit(last)
  const size = format.size(last.memory)
  const title = last.memory_limit === null ? size : format.sizes(last.memory, last.memory_limit)
  return (
    <span className="gauge">
      <Spark values={series.memory} limit={last.memory_limit ?? unlimitedTop} high={high} />
      <span className="w-mem" title={high ? sandboxesWords.row.near(title) : title}>
        {high ? (
          <span className="warn-ink strong near">
            <Icon name="warn" />
            <span className="sr">{sandboxesWords.row.near('')}</span>
            {size}
          </span>
        ) : (
          size
        )}
      </span>
    </span>
  )
})

const cellsWords = sandboxesWords.row

/** Each takes plain values: a row may change twenty times a second, and a cell is drawn anew only when its own value did. */
const StatusCell = memo(function StatusCell({ status, kept }: { status: StatusName; /** Not touched by an engine that is away. */ kept: boolean }) {
  const { unknown } = useListFacts()
  if (!unknown || kept) return <Status status={status} />
  return (
    <span title={cellsWords.unknownWhy}>
      <Status status="unknown" />
    </span>
  )
})

const ThreadCell = memo(function ThreadCell({ thread, id, user, isolation }: Pick<SandboxRow, 'thread' | 'id' | 'user' | 'isolation'>) {
  const chip = cellsWords.isolation[isolation]
  return (
    <span className="named">
      {thread === null ? (
        <span className="mid nowrap" title={`${id}. ${cellsWords.anonymousWhy}`}>
          {cellsWords.anonymous} <span className="dim">{id.slice(0, 8)}</span>
        </span>
      ) : (
        <Cut text={thread} className="strong" />
      )}
      {user === 'default' ? null : (
        <span className="dim cut" title={user}>
          {cellsWords.of(user)}
        </span>
      )}
      {chip === undefined ? null : (
        <span title={cellsWords.isolationWhy[isolation]}>
          <Chip kind={isolation === 'none' ? 'warn' : undefined}>{chip}</Chip>
        </span>
      )}
    </span>
  )
})

const ImageCell = memo(function ImageCell({ image }: { image: string | null }) {
  if (image === null) return <span className="dim">–</span>
  const tag = /:[^/:@]+$/.exec(image)?.[0].length
  return <Cut text={image} tail={tag ?? 8} />
})

const HeldCell = memo(function HeldCell({
  holders,
  free,
}: {
  /** One a line: a name may have anything else in it. */ holders: string
  /** Since when nobody holds it; null: it is held, or not there to be. */ free: string | null
}) {
  const [first = '', ...more] = holders.split('\n')
  if (first !== '')
    return (
      <span title={holders.replaceAll('\n', ', ')}>
        {first}
        {more.length === 0 ? null : (
          <>
            {' '}
            <span className="dim">{cellsWords.more(more.length)}</span>
          </>
        )}
      </span>
    )
  return free === null ? <span className="dim">–</span> : <Free since={free} />
})

function Free({ since }: { since: string }) {
  const now = useNow('minute')
  const format = useFormat()
  return (
    <span className="dim" title={cellsWords.freeSince(format.full(new Date(since)))}>
      {cellsWords.free(format.age(now - Date.parse(since)))}
    </span>
  )
}

const AgeCell = memo(function AgeCell({ since }: { since: string }) {
  const now = useNow('minute')
  const format = useFormat()
  return (
    <span className="mid" title={format.full(new Date(since))}>
      {format.age(now - Date.parse(since))}
    </span>
  )
})

/** What the countdown is of a row, as one plain value for a cell: how, and until when. */
function LeftCell({ row }: { row: ListRow }) {
  const kind = leftOf(row, 0).kind
  return <Left kind={kind} until={isSlot(row) ? null : row.expires_at} command={isSlot(row) || !row.working ? null : (row.commands[0]?.command ?? null)} />
}

const Left = memo(function Left({ kind, until, command }: { kind: ReturnType<typeof leftOf>['kind']; until: string | null; command: string | null }) {
  const { unknown } = useListFacts()
  if (kind === 'kept')
    return (
      <span className="dim" title={cellsWords.keptWhy}>
        {cellsWords.kept}
      </span>
    )
  if (kind === 'none' || unknown) return <span className="dim">–</span>
  if (kind === 'working')
    return (
      <span className="mid" title={command === null ? cellsWords.workingWhy : `${cellsWords.workingWhy}: ${command}`}>
        {cellsWords.working}
      </span>
    )
  return <Countdown until={until ?? ''} />
})

const nearMs = 60_000

function Countdown({ until }: { until: string }) {
  const left = Math.max(0, Date.parse(until) - useNow('second'))
  const text = useFormat().countdown(left)
  return <span className={left <= nearMs ? 'warn-ink strong' : 'mid'}>{text}</span>
}

/** Since when nobody has a row that could be had: it was let go then, or was made ready on a hint. */
function freeSince(row: SandboxRow): string | null {
  return row.status === 'warm' || row.status === 'paused' ? row.since : null
}

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
      label={sandboxesWords.title}
      className="sandboxes"
      columns={columns}
      groups={groups}
      id={rowId}
      text={nameOf}
      chosen={chosen}
      onChoose={onChoose}
      onOpen={onOpen}
      reserved={reserved}
      cells={cells}
      rowClass={classOf}
      empty={empty}
      onKey={(event, row) =>
        menuKey(event) && row !== null && !isSlot(row)
          ? (onMenu(rowId(row), event.currentTarget.querySelector(`[data-row="${CSS.escape(rowId(row))}"] .actions`) ?? event.currentTarget), true)
          : false
      }
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

const words = sandboxesWords.columns

/** The columns; every head sorts. Made anew only when the sorting changed. */
function listColumns(sort: Sort | null, onSort: (sort: Sort | null) => void): readonly Column<ListRow>[] {
  const head = (column: SortColumn) => ({
    id: column,
    title: words[column],
    sort: sort?.column === column ? sort.direction : ('none' as const),
    onSort: () => onSort(afterHead(sort, column)),
  })
  return [
    {
      ...head('status'),
      className: 'c-status',
      cell: (row) => <StatusCell status={isSlot(row) ? 'slot' : row.status} kept={isSlot(row) || row.status === 'stopping'} />,
    },
    {
      ...head('thread'),
      head: true,
      cell: (row) =>
        isSlot(row) ? (
          <span className="mid" title={row.name}>
            {nameOf(row)}
          </span>
        ) : (
          <ThreadCell thread={row.thread} id={row.id} user={row.user} isolation={row.isolation} />
        ),
    },
    { ...head('image'), className: 'c-image mid', cell: (row) => <ImageCell image={row.image} /> },
    { ...head('held'), className: 'c-held', cell: (row) => (isSlot(row) ? <SlotState state={row.state} /> : <Held row={row} />) },
    { ...head('age'), num: true, className: 'c-age', cell: (row) => <AgeCell since={row.created_at} /> },
    { ...head('left'), num: true, className: 'c-left', cell: (row) => <LeftCell row={row} /> },
    {
      ...head('cpu'),
      num: true,
      className: 'c-cpu',
      cell: (row) => (isSlot(row) ? <span className="dim">–</span> : <CpuCell id={row.id} paused={row.status === 'paused'} />),
    },
    { ...head('memory'), num: true, className: 'c-mem', cell: (row) => (isSlot(row) ? <span className="dim">–</span> : <MemoryCell id={row.id} />) },
    {
      id: 'actions',
      title: words.actions,
      hideTitle: true,
      className: 'actions c-act',
      cell: (row) => (isSlot(row) || row.status === 'stopping' ? null : <RowActions id={row.id} held={isHeld(row)} />),
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

/** A failure says why, over the columns that mean nothing for it. */
function FailedCells({ row }: { row: SandboxRow }) {
  const { message = '', next = '', cause } = row.error ?? {}
  return (
    <>
      <td className="c-status">
        <StatusCell status="failed" kept />
      </td>
      <th scope="row">
        <ThreadCell thread={row.thread} id={row.id} user={row.user} isolation={row.isolation} />
      </th>
      <td colSpan={5} className="reason" title={[ended(message), next, cause].filter((part) => part !== undefined && part !== '').join('\n')}>
        <span className="strong">{ended(message)}</span> <span className="mid">{next}</span>
      </td>
      <td className="actions" colSpan={2}>
        <FailedActions id={row.id} threaded={row.thread !== null} />
      </td>
    </>
  )
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** What is being made says how far it is. */
function CreatingCells({ row }: { row: SandboxRow }) {
  return (
    <>
      <td className="c-status">
        <StatusCell status="creating" kept />
      </td>
      <th scope="row">
        <ThreadCell thread={row.thread} id={row.id} user={row.user} isolation={row.isolation} />
      </th>
      <td className="c-image mid">
        <ImageCell image={row.image} />
      </td>
      <td className="c-held">
        <HeldCell holders={holdersOf(row).join('\n')} free={null} />
      </td>
      <td colSpan={4} className="c-work">
        <Work step={row.step} image={row.image} since={row.created_at} />
      </td>
      <td className="actions">
        <CancelAction id={row.id} />
      </td>
    </>
  )
}

/** The bar is the image's where that is what it waits for; otherwise how long it takes is all there is to tell. */
const Work = memo(function Work({ step, image, since }: { step: string | null; image: string | null; since: string }) {
  const state = useHouse(({ house }) => house.image)
  const format = useFormat()
  const mine = state !== null && !state.present && state.name === image && state.progress !== null ? state.progress : null
  const share = shareOf(mine)
  const text = step ?? sandboxesWords.row.starting
  if (mine === null || share === null)
    return (
      <span className="work">
        <span className="say cut">{text}</span>
        <Elapsed since={since} />
      </span>
    )
  return (
    <span className="work">
      <span className="say">
        {text}
        {/\d/.test(text) || mine.step !== 'image-pull' ? null : <span className="dim detail"> {format.sizes(mine.done ?? 0, mine.total ?? 0)}</span>}
      </span>
      <Progress done={mine.done} total={mine.total} label={text} />
      <span className="w-pct mid">{format.percent(share)}</span>
    </span>
  )
})

function Elapsed({ since }: { since: string }) {
  const now = useNow('second')
  return <span className="mid tm">{useFormat().countdown(Math.max(0, now - Date.parse(since)))}</span>
}
