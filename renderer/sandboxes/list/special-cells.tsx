import { memo } from 'react'
import type { SandboxRow } from '../../../shared/state.ts'
import { useHouse } from '../../frame/house/use-house.ts'
import { useNow } from '../../frame/house/use-now.ts'
import { shareOf } from '../../images/pull.logic.ts'
import { Progress } from '../../parts/signs/progress.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { holdersOf } from '../../words/who.ts'
import { HeldCell, ImageCell, StatusCell, ThreadCell } from './cells.tsx'
import { CancelAction, FailedActions } from './row-actions.tsx'

/** A failure says why, over the columns that mean nothing for it. */
export function FailedCells({ row }: { row: SandboxRow }) {
  const { message = '', next = '', cause } = row.error ?? {}
  return (
    <>
      <td className="c-status"><StatusCell status="failed" kept /></td>
      <th scope="row"><ThreadCell thread={row.thread} id={row.id} user={row.user} isolation={row.isolation} /></th>
      <td colSpan={5} className="reason" title={[ended(message), next, cause].filter((part) => part !== undefined && part !== '').join('\n')}>
        <span className="strong">{ended(message)}</span> <span className="mid">{next}</span>
      </td>
      <td className="actions" colSpan={2}><FailedActions id={row.id} threaded={row.thread !== null} /></td>
    </>
  )
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** What is being made says how far it is. */
export function CreatingCells({ row }: { row: SandboxRow }) {
  return (
    <>
      <td className="c-status"><StatusCell status="creating" kept /></td>
      <th scope="row"><ThreadCell thread={row.thread} id={row.id} user={row.user} isolation={row.isolation} /></th>
      <td className="c-image mid"><ImageCell image={row.image} /></td>
      <td className="c-held"><HeldCell holders={holdersOf(row).join('\n')} free={null} /></td>
      <td colSpan={4} className="c-work"><Work step={row.step} image={row.image} since={row.created_at} /></td>
      <td className="actions"><CancelAction id={row.id} /></td>
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
  if (mine === null || share === null) return <span className="work"><span className="say cut">{text}</span><Elapsed since={since} /></span>
  return (
    <span className="work">
      <span className="say">{text}{/\d/.test(text) || mine.step !== 'image-pull' ? null : <span className="dim detail"> {format.sizes(mine.done ?? 0, mine.total ?? 0)}</span>}</span>
      <Progress done={mine.done} total={mine.total} label={text} />
      <span className="w-pct mid">{format.percent(share)}</span>
    </span>
  )
})

function Elapsed({ since }: { since: string }) {
  const now = useNow('second')
  return <span className="mid tm">{useFormat().countdown(Math.max(0, now - Date.parse(since)))}</span>
}
