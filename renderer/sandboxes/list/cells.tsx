import { memo } from 'react'
import type { SandboxRow } from '../../../shared/state.ts'
import { useNow } from '../../frame/house/use-now.ts'
import { Chip } from '../../parts/signs/chip.tsx'
import { Cut } from '../../parts/signs/cut.tsx'
import { Status, type StatusName } from '../../parts/signs/status.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { useListFacts } from './list-facts.ts'
import { isSlot, type ListRow } from './rows.logic.ts'
import { leftOf } from './time.logic.ts'

const words = sandboxesWords.row

/** Each takes plain values: a row may change twenty times a second, and a cell is drawn anew only when its own value did. */
export const StatusCell = memo(function StatusCell({ status, kept }: { status: StatusName; /** Not touched by an engine that is away. */ kept: boolean }) {
  const { unknown } = useListFacts()
  if (!unknown || kept) return <Status status={status} />
  return <span title={words.unknownWhy}><Status status="unknown" /></span>
})

export const ThreadCell = memo(function ThreadCell({ thread, id, user, isolation }: Pick<SandboxRow, 'thread' | 'id' | 'user' | 'isolation'>) {
  const chip = words.isolation[isolation]
  return (
    <span className="named">
      {thread === null
        ? <span className="mid nowrap" title={`${id}. ${words.anonymousWhy}`}>{words.anonymous} <span className="dim">{id.slice(0, 8)}</span></span>
        : <Cut text={thread} className="strong" />}
      {user === 'default' ? null : <span className="dim cut" title={user}>{words.of(user)}</span>}
      {chip === undefined ? null : <span title={words.isolationWhy[isolation]}><Chip kind={isolation === 'none' ? 'warn' : undefined}>{chip}</Chip></span>}
    </span>
  )
})

export const ImageCell = memo(function ImageCell({ image }: { image: string | null }) {
  if (image === null) return <span className="dim">–</span>
  const tag = /:[^/:@]+$/.exec(image)?.[0].length
  return <Cut text={image} tail={tag ?? 8} />
})

export const HeldCell = memo(function HeldCell({ holders, free }: { /** One a line: a name may have anything else in it. */ holders: string; /** Since when nobody holds it; null: it is held, or not there to be. */ free: string | null }) {
  const [first = '', ...more] = holders.split('\n')
  if (first !== '') return <span title={holders.replaceAll('\n', ', ')}>{first}{more.length === 0 ? null : <> <span className="dim">{words.more(more.length)}</span></>}</span>
  return free === null ? <span className="dim">–</span> : <Free since={free} />
})

function Free({ since }: { since: string }) {
  const now = useNow('minute')
  const format = useFormat()
  return <span className="dim" title={words.freeSince(format.full(new Date(since)))}>{words.free(format.age(now - Date.parse(since)))}</span>
}

export const AgeCell = memo(function AgeCell({ since }: { since: string }) {
  const now = useNow('minute')
  const format = useFormat()
  return <span className="mid" title={format.full(new Date(since))}>{format.age(now - Date.parse(since))}</span>
})

/** What the countdown is of a row, as one plain value for a cell: how, and until when. */
export function LeftCell({ row }: { row: ListRow }) {
  const kind = leftOf(row, 0).kind
  return <Left kind={kind} until={isSlot(row) ? null : row.expires_at} command={isSlot(row) || !row.working ? null : row.commands[0]?.command ?? null} />
}

const Left = memo(function Left({ kind, until, command }: { kind: ReturnType<typeof leftOf>['kind']; until: string | null; command: string | null }) {
  const { unknown } = useListFacts()
  if (kind === 'kept') return <span className="dim" title={words.keptWhy}>{words.kept}</span>
  if (kind === 'none' || unknown) return <span className="dim">–</span>
  if (kind === 'working') return <span className="mid" title={command === null ? words.workingWhy : `${words.workingWhy}: ${command}`}>{words.working}</span>
  return <Countdown until={until ?? ''} />
})

const nearMs = 60_000

function Countdown({ until }: { until: string }) {
  const left = Math.max(0, Date.parse(until) - useNow('second'))
  const text = useFormat().countdown(left)
  return <span className={left <= nearMs ? 'warn-ink strong' : 'mid'}>{text}</span>
}

/** Since when nobody has a row that could be had: it was let go then, or was made ready on a hint. */
export function freeSince(row: SandboxRow): string | null {
  return row.status === 'warm' || row.status === 'paused' ? row.since : null
}
