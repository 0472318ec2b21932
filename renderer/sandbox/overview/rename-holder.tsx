import { useState } from 'react'
import { useEndpoint } from '../../frame/house/contexts.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Field } from '../../parts/fields/field.tsx'
import { Dialog } from '../../parts/floats/dialog.tsx'
import { tabWords } from '../../words/tabs.ts'
import { useTask } from '../use-task.ts'

const words = tabWords.overview.rename

/** A name for a conversation, wherever it holds something. */
export function RenameHolder({ holder, name, onClose }: { holder: string; name: string; onClose: () => void }) {
  const endpoint = useEndpoint()
  const task = useTask()
  const [text, setText] = useState(name)
  const fits = text.trim() !== '' && text.length <= 80
  function save(): void {
    if (!fits) return
    task.run(async () => {
      await endpoint.call('rename_holder', { holder, name: text.trim() })
      onClose()
    })
  }
  return (
    <Dialog
      open title={words.title} about={words.about} className="newbox" onClose={onClose} onSubmit={save}
      actions={<><Button onClick={onClose}>{words.cancel}</Button><Button kind="primary" type="submit" busy={task.busy} disabled={!fits}>{words.save}</Button></>}
    >
      <Field label={words.name} showLabel value={text} onChange={setText} data-first="" hint={holder} />
    </Dialog>
  )
}
