import type { SandboxRow } from '../../shared/state.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Kbd } from '../parts/signs/kbd.tsx'
import { useFormat } from '../words/formats.ts'
import { sandboxesWords as words } from '../words/sandboxes.ts'
import { useAsk } from './asking.ts'

/** What can be done with all that is chosen. */
export function BulkBar({ chosen, onClear }: { chosen: readonly SandboxRow[]; onClear: () => void }) {
  const ask = useAsk()
  const format = useFormat()
  const held = chosen.filter(({ holders }) => holders.length > 0)
  return (
    <section className="strip bulk" aria-label={words.bulk.label}>
      <span className="strong">{words.empty.selected(format.count(chosen.length, 'sandbox', 'sandboxes'))}</span>
      <div className="end">
        {held.length > 0 ? <Button small icon="castoff" onClick={() => ask({ what: 'release', sandboxes: held })}>{words.bulk.release} <span className="dim">{held.length}</span></Button> : null}
        <Button small bad icon="trash" onClick={() => ask({ what: 'destroy', sandboxes: chosen })}>{words.bulk.destroy} <span className="dim">{chosen.length}</span></Button>
        <Button small kind="quiet" onClick={onClear}>{words.bulk.clear} <Kbd keys="Escape" /></Button>
      </div>
    </section>
  )
}
