import { useHouse } from '../../frame/house/use-house.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Dialog } from '../../parts/floats/dialog.tsx'
import { Mark } from '../../parts/signs/mark.tsx'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { Fixes } from '../pages/fixes.tsx'
import { isolationRows } from './notes.logic.ts'

/** What processes on this computer are kept apart from, row by row, and how to get containers instead. */
export function IsolationDialog({ onClose }: { onClose: () => void }) {
  const words = sandboxesWords.isolation
  const backend = useHouse(({ house }) => house.backend)
  return (
    <Dialog title={words.title} about={words.about} open onClose={onClose} actions={<Button safe onClick={onClose}>{words.close}</Button>}>
      <table className="table inset isolation" aria-label={words.title}>
        <thead><tr><th scope="col" className="c-what">{words.columns[0]}</th><th scope="col" className="c-how">{words.columns[1]}</th><th scope="col">{words.columns[2]}</th></tr></thead>
        <tbody>
          {isolationRows(backend.isolation).map(({ what, isolated }) => (
            <tr key={what}>
              <th scope="row">{words.rows[what].what}</th>
              <td><span className={`status ${isolated}`}><Mark name={isolated === 'yes' ? 'gone' : 'failed'} />{words[isolated]}</span></td>
              <td className="mid">{words.rows[what][isolated]}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {backend.fixes.length === 0 ? null : <div className="how"><div className="h2"><span>{words.get}</span></div><Fixes fixes={backend.fixes} /></div>}
    </Dialog>
  )
}
