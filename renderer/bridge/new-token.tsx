import { useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Code } from '../parts/blocks/code.tsx'
import { Note } from '../parts/blocks/note.tsx'
import { Choice } from '../parts/fields/choice.tsx'
import { SelectField } from '../parts/fields/select-field.tsx'
import { Field } from '../parts/fields/field.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { bridgeWords } from '../words/bridge.ts'
import { snippetsFor, type ClientId } from './snippets.logic.ts'

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
  const [url, command, homeOption] = useHouse(({ house }) => [house.url, house.command, house.home_option])
  const berth = { url, command, home_option: homeOption }
  const [client, setClient] = useState<ClientId>('claude')
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
    // What starts the command itself has no use for a token.
    const snippets = snippetsFor(berth, token).filter(({ id }) => id !== 'desktop')
    const snippet = snippets.find(({ id }) => id === client)
    return (
      <Dialog open alert className="newbox" title={words.made(name)} about={words.once} onClose={onClose} actions={<Button kind="primary" onClick={onClose}>{words.done}</Button>}>
        <Code text={token} label={words.made(name)} />
        <div className="how lines">
          <div className="h2"><span>{bridgeWords.connect}</span><SelectField label={bridgeWords.client} value={client} onChange={setClient} options={snippets.map(({ id, name: of }) => ({ value: id, label: of }))} /></div>
          {snippet === undefined ? null : <Code text={snippet.text} label={`${snippet.name}: ${snippet.place}`} />}
          <p className="dim small hint">{snippet?.place}</p>
        </div>
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
