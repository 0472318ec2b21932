import type { SandboxRow } from '../../shared/state.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { Code } from '../parts/blocks/code.tsx'
import { Button } from '../parts/buttons/button.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { useFormat } from '../words/formats.ts'
import { sandboxWords } from '../words/sandbox.ts'
import { useTask } from './use-task.ts'

/** Says what would be lost before it is. */
export function DestroyDialog({ row, name, open, onClose }: { row: SandboxRow; name: string; open: boolean; onClose: () => void }) {
  const endpoint = useEndpoint()
  const format = useFormat()
  const { busy, run } = useTask()
  const words = sandboxWords.dialog
  const shells = row.terminals.filter(({ ended }) => ended === null).length
  return (
    <Dialog
      title={words.title(name)} about={words.about} open={open} onClose={onClose} alert
      says={shells === 0 ? undefined : words.terminals(format.count(shells, 'terminal is', 'terminals are'))}
      actions={<>
        <Button safe onClick={onClose}>{words.keep}</Button>
        <Button
          kind="danger" busy={busy}
          onClick={() => run(async () => {
            await endpoint.call('destroy', { id: row.id })
            onClose()
          })}
        >
          {words.confirm(name)}
        </Button>
      </>}
    >
      {row.holders.length === 0 ? null : <p className="mid">{words.held(row.holders.map(({ holder }) => holder).join(', '))}</p>}
      {row.commands.length === 0 ? null : <Code text={row.commands.map(({ command }) => command).join('\n')} copyable={false} label={words.runs} />}
    </Dialog>
  )
}
