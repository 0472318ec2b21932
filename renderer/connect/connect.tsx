import { useState } from 'react'
import { asBerthError, type BerthError } from '../../shared/errors.ts'
import { useEndpoint, useHouse } from '../state/contexts.ts'
import { Code, Note } from '../parts/blocks.tsx'
import { Button } from '../parts/buttons.tsx'
import { SelectField } from '../parts/fields.tsx'
import { bridgeWords as words } from '../words/bridge.ts'
import { type ClientId, exportLine, snippetsFor, tokenNames } from './snippets.logic.ts'

/** What to put where, for each kind of client; with a token of its own by one press. Made once, shown in these lines only. */
export function ConnectLines({ title, heading }: { title: string; /** The id of its heading, where it is a section's. */ heading?: string | undefined }) {
  const endpoint = useEndpoint()
  const [url, command, homeOption] = useHouse(({ house }) => [house.url, house.command, house.home_option])
  const [kind, setKind] = useState<ClientId>('claude')
  const [made, setMade] = useState<Partial<Record<ClientId, { readonly name: string; readonly token: string }>>>({})
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<BerthError | null>(null)
  const berth = { url, command, home_option: homeOption }
  const own = made[kind] ?? null
  const snippet = snippetsFor(berth, own?.token ?? null).find(({ id }) => id === kind)

  async function make(): Promise<void> {
    setBusy(true)
    setProblem(null)
    try {
      const { name, token } = await addToken(tokenNames[kind])
      setMade((before) => ({ ...before, [kind]: { name, token } }))
    } catch (thrown) {
      setProblem(asBerthError(thrown))
    } finally {
      setBusy(false)
    }
  }

  /** A name that another has already gets a number. */
  async function addToken(name: string, n = 1): Promise<{ name: string; token: string }> {
    try {
      return await endpoint.call('token_add', { name: n === 1 ? name : `${name}-${n}`, scope: 'agent' })
    } catch (thrown) {
      if (asBerthError(thrown).code !== 'NAME_TAKEN' || n >= 100) throw thrown
      return await addToken(name, n + 1)
    }
  }

  if (snippet === undefined) return null
  return (
    <div className="how lines">
      <div className="h2">
        {heading === undefined ? <span>{title}</span> : <h2 id={heading}>{title}</h2>}
        <SelectField label={words.client} value={kind} options={snippetsFor(berth).map(({ id, name }) => ({ value: id, label: name }))} onChange={setKind} />
        <span className="end small dim">{snippet.place}</span>
      </div>
      <Code text={snippet.text} label={`${snippet.name}: ${snippet.place}`} />
      {snippet.needs === null ? null : (
        <div className="gettoken">
          <Button small icon="key" busy={busy} onClick={() => void make()}>
            {words.ownToken}
          </Button>
          <span className="dim small">{snippet.needs === 'asks' ? words.asks : words.orVariable}</span>
        </div>
      )}
      {snippet.needs === 'variable' ? <Code text={exportLine(berth, kind)} label={words.variable} /> : null}
      {own === null ? null : (
        <p className="dim small hint" role="status">
          {words.finished(own.name)}
        </p>
      )}
      {kind === 'desktop' ? <p className="dim small hint">{words.needsNone}</p> : null}
      {problem === null ? null : (
        <Note kind="bad" live title={`${problem.message}.`}>
          {problem.next}
        </Note>
      )}
    </div>
  )
}

export function Connect() {
  return (
    <section className="section connect" aria-labelledby="connect">
      <ConnectLines title={words.connect} heading="connect" />
    </section>
  )
}
