import { useCallback, useEffect, useState } from 'react'
import type { NamedToken } from '../../shared/calls/token-calls.ts'
import { useCommand } from '../commands/command.ts'
import { useEndpoint, useHouse, useNative, useNow, useTopic } from '../state/contexts.ts'
import { Button, CopyButton } from '../parts/buttons.tsx'
import { Code, Note } from '../parts/blocks.tsx'
import { Chip } from '../parts/indicators.tsx'
import { useFormat } from '../words/format.ts'
import { bridgeWords as words, bridgeWords } from '../words/bridge.ts'
import { asBerthError, type ErrorData, toErrorData } from '../../shared/errors.ts'
import { Choice, Field, SelectField } from '../parts/fields.tsx'
import { Dialog } from '../parts/overlays.tsx'
import { type ClientId, snippetsFor } from '../connect/snippets.logic.ts'
import { useToast } from '../parts/toasts.ts'

/** Who may call, and what each holds. */
export function TokenList() {
  const { tokens, problem } = useTokens()
  const native = useNative()
  const [file, holders] = useHouse((state) => [
    state.house.token_file,
    Object.values(state.sandboxes)
      .flatMap(({ holders: all }) => all.map(({ holder }) => holder))
      .sort()
      .join('\n'),
  ])
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<NamedToken | null>(null)
  useCommand({ id: 'new-token', title: words.newToken, icon: 'plus', keys: ['n'], run: () => setMaking(true) })
  const holds = (name: string) => holders.split('\n').filter((holder) => holder === name).length
  return (
    <section className="section" aria-labelledby="tokens">
      <h2 id="tokens">
        {words.tokens} <span className="dim">{(tokens?.length ?? 0) + 1}</span>
        <span className="end">
          <Button small icon="plus" onClick={() => setMaking(true)}>
            {words.newToken}
          </Button>
        </span>
      </h2>
      {problem ? (
        <Note kind="bad" title={problem.message}>
          {problem.next}
        </Note>
      ) : null}
      <table className="table inset tokens" aria-labelledby="tokens">
        <thead>
          <tr>
            <th scope="col">{words.name}</th>
            <th scope="col" className="c-may">
              {words.may}
            </th>
            <th scope="col" className="num c-holds">
              {words.holds}
            </th>
            <th scope="col" className="c-last gap">
              {words.last}
            </th>
            <th scope="col" className="c-rev">
              <span className="sr">{words.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">
              <span className="strong">{words.own}</span> <Chip kind="warn">{words.full}</Chip>
            </th>
            <td className="mid">{words.ownMay}</td>
            <td className="num mid">{holds('master') || '–'}</td>
            <td className="mid gap cut" title={file}>
              {words.tokenFile} token
            </td>
            <td className="actions">
              <span className="group stay">
                <CopyButton text={() => native.copyToken()} label={words.copyToken} />
              </span>
            </td>
          </tr>
          {(tokens ?? []).map((token) => (
            <tr key={token.name}>
              <th scope="row">
                <span className="strong">{token.name}</span>
                {token.scope === 'operator' ? (
                  <>
                    {' '}
                    <Chip kind="warn">{words.full}</Chip>
                  </>
                ) : null}
              </th>
              <td className="mid">{mayOf(token)}</td>
              <td className="num mid">{holds(token.name) || '–'}</td>
              <td className="mid gap">
                <LastUsed at={token.last_used_at} />
              </td>
              <td className="actions">
                <span className="group stay">
                  <Button kind="quiet" small bad onClick={() => setRevoking(token)}>
                    {words.revoke}
                  </Button>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="dim small hint">{tokens?.length === 0 ? `${words.noTokens} ${words.noTokensHow}` : words.hash}</p>
      {making ? <NewToken onClose={() => setMaking(false)} /> : null}
      {revoking ? <RevokeToken token={revoking} onClose={() => setRevoking(null)} /> : null}
    </section>
  )
}

function LastUsed({ at }: { at: string | null }) {
  const now = useNow('minute')
  const format = useFormat()
  return at === null ? <span className="dim">{words.never}</span> : <span title={format.full(new Date(at))}>{format.when(new Date(at), new Date(now))}</span>
}

function mayOf({ scope, thread_prefix, user }: NamedToken): string {
  if (scope === 'operator') return words.all
  return `${thread_prefix === null ? words.any : words.threads(thread_prefix)}${user === null ? '' : ` ${words.ofUser(user)}`}`
}

const newTokenWords = bridgeWords.create
const form = /^[A-Za-z0-9_-]{1,64}$/

/** Makes a token, and shows it this once. */
function NewToken({ onClose }: { onClose: () => void }) {
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
      const made = await endpoint.call('token_add', {
        name,
        scope,
        ...(agent && prefix !== '' ? { thread_prefix: prefix } : {}),
        ...(agent && user !== '' ? { user } : {}),
      })
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
      <Dialog
        open
        alert
        className="newbox"
        title={newTokenWords.made(name)}
        about={newTokenWords.once}
        onClose={onClose}
        actions={
          <Button kind="primary" onClick={onClose}>
            {newTokenWords.done}
          </Button>
        }
      >
        <Code text={token} label={newTokenWords.made(name)} />
        <div className="how lines">
          <div className="h2">
            <span>{bridgeWords.connect}</span>
            <SelectField
              label={bridgeWords.client}
              value={client}
              onChange={setClient}
              options={snippets.map(({ id, name: of }) => ({ value: id, label: of }))}
            />
          </div>
          {snippet === undefined ? null : <Code text={snippet.text} label={`${snippet.name}: ${snippet.place}`} />}
          <p className="dim small hint">{snippet?.place}</p>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog
      open
      title={newTokenWords.title}
      about={newTokenWords.about}
      className="newbox"
      onClose={onClose}
      onSubmit={() => void make()}
      actions={
        <>
          <Button onClick={onClose}>{newTokenWords.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={!fits}>
            {newTokenWords.make}
          </Button>
        </>
      }
    >
      <Field
        label={newTokenWords.name}
        showLabel
        value={name}
        onChange={setName}
        data-first
        error={name !== '' && !form.test(name) ? newTokenWords.wrong : null}
      />
      <div className="fieldrow">
        <span>{newTokenWords.scope}</span>
        <Choice
          label={newTokenWords.scope}
          value={scope}
          onChange={setScope}
          options={[
            { value: 'agent', label: newTokenWords.agent },
            { value: 'operator', label: newTokenWords.operator },
          ]}
        />
      </div>
      {scope === 'agent' ? (
        <>
          <Field
            label={newTokenWords.prefix}
            showLabel
            value={prefix}
            onChange={setPrefix}
            hint={newTokenWords.prefixHint}
            error={prefix !== '' && !form.test(prefix) ? newTokenWords.wrong : null}
          />
          <Field
            label={newTokenWords.user}
            showLabel
            value={user}
            onChange={setUser}
            hint={newTokenWords.userHint}
            error={user !== '' && !form.test(user) ? newTokenWords.wrong : null}
          />
        </>
      ) : null}
      {problem ? (
        <Note kind="bad" live title={problem.message}>
          {problem.next}
        </Note>
      ) : null}
    </Dialog>
  )
}

const revokeTokenWords = bridgeWords.revokeAsk

function RevokeToken({ token, onClose }: { token: NamedToken; onClose: () => void }) {
  const endpoint = useEndpoint()
  const toast = useToast()
  function revoke(): void {
    onClose()
    endpoint.call('token_revoke', { name: token.name }).catch((thrown: unknown) => {
      const error = asBerthError(thrown)
      toast({ title: error.message, detail: error.next, status: 'failed', stay: true })
    })
  }
  return (
    <Dialog
      open
      alert
      title={revokeTokenWords.title(token.name)}
      about={revokeTokenWords.about}
      onClose={onClose}
      actions={
        <>
          <Button safe onClick={onClose}>
            {revokeTokenWords.keep}
          </Button>
          <Button kind="danger" onClick={revoke}>
            {revokeTokenWords.revoke}
          </Button>
        </>
      }
    />
  )
}

/** The named tokens: read anew when one is made, revoked or used by somebody. */
function useTokens(): { tokens: readonly NamedToken[] | null; problem: ErrorData | null } {
  const endpoint = useEndpoint()
  const [tokens, setTokens] = useState<readonly NamedToken[] | null>(null)
  const [problem, setProblem] = useState<ErrorData | null>(null)
  const read = useCallback(() => {
    endpoint.call('tokens', {}).then(
      (got) => {
        setTokens(got.tokens)
        setProblem(null)
      },
      (error: unknown) => setProblem(toErrorData(asBerthError(error))),
    )
  }, [endpoint])
  useEffect(read, [read])
  useTopic(
    'events',
    { limit: 0 },
    {
      event({ events }) {
        if (events.some(({ type }) => type.startsWith('token.'))) read()
      },
    },
  )
  // When each was last used moves with its calls.
  useTopic(
    'calls',
    {},
    {
      event({ calls }) {
        if (calls.some(({ client }) => tokens?.some(({ name }) => name === client))) read()
      },
    },
  )
  return { tokens, problem }
}
