import { useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Code } from '../parts/blocks/code.tsx'
import { Note } from '../parts/blocks/note.tsx'
import { Choice } from '../parts/fields/choice.tsx'
import { Field } from '../parts/fields/field.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { bridgeWords } from '../words/bridge.ts'

const words = bridgeWords.create
const form = /^[A-Za-z0-9_-]{1,64}$/

/** Makes a token, and shows it this once. */
export function NewToken({ onClose }: { onClose: () => void }) {
  const endpoint = useEndpoint()
  const [name, setName] = useState('')
  const [scope, setScope] = useState<'agent' | 'operator'>('agent')
  const [prefix, setPrefix] = useState('')
  const [user, setUser] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<{ message: string; next: string } | null>(null)
  const [token, setToken] = useState<string | null>(null)
  const fits = form.test(name) && (prefix === '' || form.test(prefix)) && (user === '' || form.test(user))

  async function make(): Promise<void> {
    if (!fits || busy) return
    setBusy(true)
    setProblem(null)
    try {
      const agent = scope === 'agent'
      const made = await endpoint.call('token_add', { name, scope, ...(agent && prefix !== '' ? { thread_prefix: prefix } : {}), ...(agent && user !== '' ? { user } : {}) })
      setToken(made.token)
    } catch (thrown) {
      setProblem(asBerthError(thrown))
    } finally {
      setBusy(false)
    }
  }

  if (token !== null) {
    return (
      <Dialog open alert title={words.made(name)} about={words.once} onClose={onClose} actions={<Button kind="primary" onClick={onClose}>{words.done}</Button>}>
        <Code text={token} label={words.made(name)} />
      </Dialog>
    )
  }
  return (
    <Dialog
      open title={words.title} about={words.about} className="newbox" onClose={onClose} onSubmit={() => void make()}
      actions={<><Button onClick={onClose}>{words.cancel}</Button><Button kind="primary" type="submit" busy={busy} disabled={!fits}>{words.make}</Button></>}
    >
      <Field label={words.name} showLabel value={name} onChange={setName} data-first error={name !== '' && !form.test(name) ? words.wrong : null} />
      <div className="fieldrow">
        <span>{words.scope}</span>
        <Choice label={words.scope} value={scope} onChange={setScope} options={[{ value: 'agent', label: words.agent }, { value: 'operator', label: words.operator }]} />
      </div>
      {scope === 'agent' ? (
        <>
          <Field label={words.prefix} showLabel value={prefix} onChange={setPrefix} hint={words.prefixHint} error={prefix !== '' && !form.test(prefix) ? words.wrong : null} />
          <Field label={words.user} showLabel value={user} onChange={setUser} hint={words.userHint} error={user !== '' && !form.test(user) ? words.wrong : null} />
        </>
      ) : null}
      {problem ? <Note kind="bad" live title={problem.message}>{problem.next}</Note> : null}
    </Dialog>
  )
}
