import { useState } from 'react'
import { threadId, userId } from '../../shared/identity.ts'
import { asBerthError } from '../../shared/errors.ts'
import { go } from '../frame/route.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Code } from '../parts/blocks/code.tsx'
import { Note } from '../parts/blocks/note.tsx'
import { Check } from '../parts/fields/check.tsx'
import { Field } from '../parts/fields/field.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { Mark } from '../parts/signs/mark.tsx'
import { sandboxesWords } from '../words/sandboxes.ts'
import { nextAcquire } from './next-acquire.logic.ts'
import { NextWords } from './next-words.tsx'

const words = sandboxesWords.create

/** A sandbox for a thread of one's own. */
export function CreateDialog({ onClose }: { onClose: () => void }) {
  const endpoint = useEndpoint()
  const [house, sandboxes] = useHouse((state) => [state.house, state.sandboxes])
  const [thread, setThread] = useState('')
  const [user, setUser] = useState('default')
  const [terminal, setTerminal] = useState(true)
  const [step, setStep] = useState<string | null>(null)
  const [problem, setProblem] = useState<{ message: string; next: string } | null>(null)
  const named = threadId.safeParse(thread).success
  const owned = userId.safeParse(user).success
  const known = Object.values(sandboxes).find((it) => it.thread === thread && it.user === user && it.status !== 'failed')

  async function create(): Promise<void> {
    if (!named || !owned || step !== null) return
    setStep(words.creating)
    setProblem(null)
    try {
      const got = await endpoint.call('acquire', { thread, user, holder: 'desktop' }, { onChunk: ({ text }) => setStep(text) })
      onClose()
      go('sandboxes', got.id, terminal ? 'terminal' : 'overview')
    } catch (thrown) {
      setStep(null)
      setProblem(asBerthError(thrown))
    }
  }

  return (
    <Dialog
      open title={words.title} about={words.about} className="newbox" onClose={onClose} onSubmit={() => void create()}
      says={step ?? <NextWords next={nextAcquire(house, Object.values(sandboxes))} />}
      actions={<><Button onClick={onClose}>{words.cancel}</Button><Button kind="primary" type="submit" busy={step !== null} disabled={!named || !owned}>{words.create}</Button></>}
    >
      <Field
        label={words.thread} showLabel value={thread} onChange={setThread} data-first autoFocus
        error={thread !== '' && !named ? words.wrong : null}
        hint={named ? <><Mark name="gone" />{known ? words.known : words.fresh}</> : words.wrong}
      />
      <Field label={words.user} showLabel value={user} onChange={setUser} error={owned ? null : words.wrong} />
      <div className="fieldrow"><span>{words.then}</span><div><Check checked={terminal} onChange={setTerminal} label={words.terminal} /></div></div>
      <div className="same"><p className="mid small">{words.shell}</p><Code text={`berth acquire --thread ${named ? thread : 'NAME'}${user === 'default' ? '' : ` --user ${user}`}`} /></div>
      {problem ? <Note kind="bad" live title={problem.message}>{problem.next}</Note> : null}
    </Dialog>
  )
}
