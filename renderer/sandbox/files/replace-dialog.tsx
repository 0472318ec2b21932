import { Button } from '../../parts/buttons/button.tsx'
import { Dialog } from '../../parts/floats/dialog.tsx'
import { useFormat } from '../../words/formats.ts'
import { fileWords } from '../../words/files.ts'
import { shownName } from './names.logic.ts'

const words = fileWords.replace
const most = 8

/** An upload would write over what an agent may have made: that is not done by a name alone. */
export function ReplaceDialog({ names, others, onAnswer }: { names: readonly string[]; others: number; onAnswer: (replace: boolean) => void }) {
  const format = useFormat()
  const one = names.length === 1
  return (
    <Dialog
      title={words.title(one ? shownName(names[0] ?? '') : format.count(names.length, 'file'))} about={`${words.about(one)}${others === 0 ? '' : ` ${words.others(format.count(others, 'other file', 'other files'), others === 1)}`}`} open onClose={() => onAnswer(false)} alert
      actions={
        <>
          <Button safe onClick={() => onAnswer(false)}>{words.keep}</Button>
          <Button kind="danger" onClick={() => onAnswer(true)}>{words.button(names.length)}</Button>
        </>
      }
    >
      {one ? null : (
        <ul className="names">
          {names.slice(0, most).map((name) => <li key={name}><code>{shownName(name)}</code></li>)}
          {names.length > most ? <li className="dim">{words.more(format.number(names.length - most))}</li> : null}
        </ul>
      )}
    </Dialog>
  )
}
