import type { SandboxRow } from '../../shared/state.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { useFormat } from '../words/formats.ts'
import { sandboxesWords } from '../words/sandboxes.ts'
import { nameOf, useActions } from './use-actions.ts'

const words = sandboxesWords.destroy

/** What is lost, what stays. */
export function DestroyDialog({ sandboxes, onClose }: { sandboxes: readonly SandboxRow[]; onClose: () => void }) {
  const actions = useActions()
  const format = useFormat()
  const [one] = sandboxes
  const what = sandboxes.length === 1 && one ? nameOf(one) : format.count(sandboxes.length, 'sandbox', 'sandboxes')
  const running = sandboxes.flatMap((it) => it.commands.map((command) => ({ ...command, name: nameOf(it) })))
  const holders = [...new Set(sandboxes.flatMap((it) => it.holders.map(({ holder }) => holder)))]
  const terminals = sandboxes.reduce((sum, it) => sum + it.terminals.filter(({ ended }) => ended === null).length, 0)
  return (
    <Dialog
      open alert title={words.title(what)} about={words.stays} onClose={onClose} says={holders.length > 0 ? words.force : undefined}
      actions={<>
        <Button safe onClick={onClose}>{words.keep}</Button>
        <Button
          kind="danger"
          onClick={() => {
            onClose()
            void actions.destroy(sandboxes)
          }}
        >
          {words.destroy(what)}
        </Button>
      </>}
    >
      <dl className="facts narrow">
        {running.length > 0 ? <><dt>{words.running}</dt><dd>{running.map(({ id, command }) => <code key={id} className="cut">{command}</code>)}</dd></> : null}
        {holders.length > 0 ? <><dt>{words.held}</dt><dd>{holders.join(', ')}</dd></> : null}
      </dl>
      {terminals > 0 ? <p className="mid">{words.terminals(format.count(terminals, 'terminal'))}</p> : null}
    </Dialog>
  )
}
