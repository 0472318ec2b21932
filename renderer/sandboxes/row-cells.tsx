import { Button } from '../parts/buttons/button.tsx'
import { IconButton } from '../parts/buttons/icon-button.tsx'
import { Menu } from '../parts/floats/menu.tsx'
import { Progress } from '../parts/signs/progress.tsx'
import { Status } from '../parts/signs/status.tsx'
import { go } from '../frame/route.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useNative } from '../frame/house/contexts.ts'
import { useFormat } from '../words/formats.ts'
import { sandboxesWords as words } from '../words/sandboxes.ts'
import type { SandboxRow } from '../../shared/state.ts'
import type { Row } from './rows.logic.ts'
import { NameCell } from './cells.tsx'
import { useActions, useCopyExec } from './use-actions.ts'
import { useAsk } from './asking.ts'

/** The row's own buttons. */
export function ActionsCell({ sandbox }: { sandbox: SandboxRow }) {
  const actions = useActions()
  const native = useNative()
  const copyExec = useCopyExec()
  const ask = useAsk()
  if (sandbox.status === 'stopping') return null
  return (
    <span className="group">
      <IconButton small icon="terminal" label={words.actions.terminal} keys="t" onClick={() => actions.openTerminal(sandbox)} />
      {sandbox.holders.length > 0 ? <IconButton small icon="castoff" label={words.actions.release} keys="r" onClick={() => ask({ what: 'release', sandboxes: [sandbox] })} /> : null}
      <Menu
        label={words.actions.more}
        items={[
          { label: words.actions.open, icon: 'right', keys: 'Enter', run: () => go('sandboxes', sandbox.id) },
          { label: words.actions.logs, icon: 'logs', keys: 'l', run: () => go('sandboxes', sandbox.id, 'logs') },
          { label: words.actions.files, icon: 'folder', run: () => go('sandboxes', sandbox.id, 'files') },
          'line',
          { label: words.actions.copyId, icon: 'copy', run: () => void native.copy(sandbox.id) },
          { label: words.actions.copyExec, icon: 'copy', run: () => void copyExec(sandbox) },
          'line',
          { label: words.actions.destroy, icon: 'trash', keys: 'Backspace', bad: true, run: () => ask({ what: 'destroy', sandboxes: [sandbox] }) },
        ]}
      />
    </span>
  )
}

/** A row that is not one cell a column: what failed says why, what is being made says how far it is. undefined: a plain one. */
export function wholeRow(row: Row) {
  if (row.kind === 'slot') return undefined
  if (row.sandbox.status === 'failed') return <FailedCells sandbox={row.sandbox} />
  if (row.sandbox.status === 'creating') return <CreatingCells sandbox={row.sandbox} />
  return undefined
}

function FailedCells({ sandbox }: { sandbox: SandboxRow }) {
  const actions = useActions()
  const { thread, user, error } = sandbox
  return (
    <>
      <td><Status status="failed" /></td>
      <th scope="row"><NameCell sandbox={sandbox} /></th>
      <td colSpan={5} className="reason" title={error ? `${error.message} ${error.next}` : undefined}>
        <span className="strong">{sentence(error?.message ?? '')}</span> <span className="mid">{error?.next}</span>
      </td>
      <td className="actions" colSpan={2}>
        <span className="group stay">
          <Button kind="quiet" small onClick={() => go('sandboxes', sandbox.id, 'logs')}>{words.actions.openLog}</Button>
          {thread === null ? null : <Button kind="quiet" small onClick={() => void actions.acquire(thread, user)}>{words.actions.tryAgain}</Button>}
          <IconButton small icon="close" label={words.actions.dismiss} onClick={() => void actions.dismiss(sandbox)} />
        </span>
      </td>
    </>
  )
}

/** Two sentences side by side need their full stops. */
const sentence = (text: string): string => (text === '' || /[.!?]$/.test(text) ? text : `${text}.`)

function CreatingCells({ sandbox }: { sandbox: SandboxRow }) {
  const actions = useActions()
  const format = useFormat()
  const image = useHouse(({ house }) => house.image)
  const progress = image?.since ? image.progress : null
  return (
    <>
      <td><Status status="creating" /></td>
      <th scope="row"><NameCell sandbox={sandbox} /></th>
      <td colSpan={6}>
        <span className="work">
          <span className="say mid">{progress && progress.done !== null && progress.total !== null ? `${progress.text.split(':')[0] ?? ''} ${format.sizes(progress.done, progress.total)}` : sandbox.step}</span>
          {progress ? <Progress label={progress.text} done={progress.done} total={progress.total} /> : null}
          {progress && progress.done !== null && progress.total ? <span className="w-pct">{format.percent(progress.done / progress.total)}</span> : null}
        </span>
      </td>
      <td className="actions"><span className="group stay"><Button kind="quiet" small onClick={() => void actions.cancel(sandbox)}>{words.actions.cancel}</Button></span></td>
    </>
  )
}
