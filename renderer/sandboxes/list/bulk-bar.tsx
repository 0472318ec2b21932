import type { SandboxRow } from '../../../shared/state.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { useCopied } from '../../parts/buttons/copied.ts'
import { Kbd } from '../../parts/signs/kbd.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { useDeeds } from '../deeds/deeds.ts'

/** What several chosen rows can do together; it takes the place of the foot. */
export function BulkBar({ rows, shown, onClear }: { rows: readonly SandboxRow[]; shown: number; onClear: () => void }) {
  const words = sandboxesWords.bulk
  const deeds = useDeeds()
  const format = useFormat()
  const { copied, copy } = useCopied()
  const working = rows.filter(({ commands }) => commands.length > 0).length
  const held = rows.some(({ holders }) => holders.length > 0)
  return (
    <div className="foot bulk" role="toolbar" aria-label={words.label}>
      <span className="strong" role="status">{words.selected(format.number(rows.length))}</span>
      {working === 0 ? null : <span className="dim">{working === rows.length ? words.allWorking : words.someWorking(working)}</span>}
      <span className="group">
        <Button kind="quiet" small icon="castoff" disabled={!held} onClick={() => deeds.release(rows)}>{sandboxesWords.actions.release}</Button>
        <Button kind="quiet" small bad icon="trash" onClick={() => deeds.destroy(rows)}>{words.destroy(rows.length)}</Button>
        <Button kind="quiet" small icon={copied === 'yes' ? 'check' : 'copy'} onClick={() => copy(rows.map(({ id }) => id).join('\n'))}>{copied === 'yes' ? sandboxesWords.actions.copied : words.copy}</Button>
      </span>
      <span className="keys"><span aria-hidden="true"><Kbd keys="Shift+ArrowDown" /> {words.extend}</span><span aria-hidden="true"><Kbd keys="Mod+a" /> {words.all(format.number(shown))}</span><span><Button kind="quiet" small onClick={onClear}><Kbd keys="Escape" /> {words.clear}</Button></span></span>
    </div>
  )
}
