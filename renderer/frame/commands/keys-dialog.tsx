import { Button } from '../../parts/buttons/button.tsx'
import { Dialog } from '../../parts/floats/dialog.tsx'
import { Kbd } from '../../parts/signs/kbd.tsx'
import { frameWords } from '../../words/frame.ts'
import { useCommands } from './use-command.ts'

/** Every key that does something now. */
export function KeysDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const words = frameWords.keys
  const commands = useCommands().all().filter(({ keys }) => keys !== undefined && keys.length > 0)
  return (
    <Dialog title={words.title} about={words.about} open={open} onClose={onClose} className="keysdialog" actions={<Button safe onClick={onClose}>{words.close}</Button>}>
      <div className="keylists" tabIndex={0} role="group" aria-label={words.title}>
        <h3>{words.list}</h3>
        <dl>{words.rows.map(([keys, label]) => <Row key={label} keys={keys} label={label} />)}</dl>
        <h3>{words.everywhere}</h3>
        <dl>{commands.map((command) => <Row key={command.id} keys={command.keys ?? []} label={command.title} />)}</dl>
      </div>
    </Dialog>
  )
}

function Row({ keys, label }: { keys: readonly string[]; label: string }) {
  return <><dt>{label}</dt><dd>{keys.map((one) => <span key={one}><Kbd keys={one} /></span>)}</dd></>
}
