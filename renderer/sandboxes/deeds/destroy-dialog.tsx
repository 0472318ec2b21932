import type { ReactNode } from 'react'
import type { SandboxRow } from '../../../shared/state.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Dialog } from '../../parts/floats/dialog.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { nameOf } from '../list/rows.logic.ts'
import { lossOf } from './loss.logic.ts'
import { useLiveRows } from './live-rows.ts'
import { namesOf, shortName } from './names.ts'

/** Says what is lost and what stays, as it is while the dialog is open. */
export function DestroyDialog({ rows, onClose, onDestroy }: { rows: readonly SandboxRow[]; onClose: () => void; onDestroy: (rows: readonly SandboxRow[]) => void }) {
  const words = sandboxesWords.destroy
  const format = useFormat()
  const live = useLiveRows(rows)
  const loss = lossOf(live)
  const many = rows.length > 1
  const shown = loss.commands.slice(0, 4)
  return (
    <Dialog
      title={words.title(namesOf(rows, format))} open onClose={onClose} alert className="destroybox"
      actions={
        <>
          <Button safe onClick={onClose}>{words.keep}</Button>
          <Button
            kind="danger" disabled={live.length === 0}
            onClick={() => {
              onClose()
              onDestroy(live)
            }}
          >
            {words.button(namesOf(live.length === 0 ? rows : live, format))}
          </Button>
        </>
      }
    >
      <dl className="losses">
        <dt>{words.lost}</dt>
        <dd>
          <ul>
            {loss.commands.length === 0 ? null : (
              <Lost text={words.commands(format.count(loss.commands.length, 'command'))}>
                {shown.map(({ command, row }) => <code key={command.id} className="cut" title={command.command}>{command.command}{many ? <span className="dim"> in {shortName(nameOf(row))}</span> : null}</code>)}
                {loss.commands.length > shown.length ? <span className="dim">{words.more(format.number(loss.commands.length - shown.length))}</span> : null}
              </Lost>
            )}
            {loss.terminals === 0 ? null : <Lost text={words.terminals(format.count(loss.terminals, 'terminal'))} />}
            {loss.holders.length === 0 ? null : <Lost text={words.holders(listed(loss.holders))} />}
            <Lost text={words.inside} />
            {loss.anonymous === 0 ? null : <Lost text={many ? words.anonymousMany(format.number(loss.anonymous)) : words.anonymous} />}
          </ul>
        </dd>
        <dt>{words.stays}</dt>
        <dd>{loss.threads === 0 ? words.nothing : many ? words.filesMany : words.files}</dd>
      </dl>
    </Dialog>
  )
}

function Lost({ text, children }: { text: string; children?: ReactNode }) {
  return <li><span>{text}</span>{children}</li>
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}
