import { useState } from 'react'
import type { NamedToken } from '../../shared/calls/token-calls.ts'
import { useCommand } from '../frame/commands/use-command.ts'
import { useNative } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useNow } from '../frame/house/use-now.ts'
import { Button } from '../parts/buttons/button.tsx'
import { CopyButton } from '../parts/buttons/copy-button.tsx'
import { Note } from '../parts/blocks/note.tsx'
import { Chip } from '../parts/signs/chip.tsx'
import { useFormat } from '../words/formats.ts'
import { bridgeWords as words } from '../words/bridge.ts'
import { NewToken } from './new-token.tsx'
import { RevokeToken } from './revoke-token.tsx'
import { useTokens } from './use-tokens.ts'

/** Who may call, and what each holds. */
export function TokenList() {
  const { tokens, problem } = useTokens()
  const native = useNative()
  const [file, holders] = useHouse((state) => [state.house.token_file, Object.values(state.sandboxes).flatMap(({ holders: all }) => all.map(({ holder }) => holder)).sort().join('\n')])
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<NamedToken | null>(null)
  useCommand({ id: 'new-token', title: words.newToken, icon: 'plus', keys: ['n'], run: () => setMaking(true) })
  const holds = (name: string) => holders.split('\n').filter((holder) => holder === name).length
  return (
    <section className="section" aria-labelledby="tokens">
      <h2 id="tokens">{words.tokens} <span className="dim">{(tokens?.length ?? 0) + 1}</span><span className="end"><Button small icon="plus" onClick={() => setMaking(true)}>{words.newToken}</Button></span></h2>
      {problem ? <Note kind="bad" title={problem.message}>{problem.next}</Note> : null}
      <table className="table inset tokens" aria-labelledby="tokens">
        <thead><tr><th scope="col">{words.name}</th><th scope="col" className="c-may">{words.may}</th><th scope="col" className="num c-holds">{words.holds}</th><th scope="col" className="c-last gap">{words.last}</th><th scope="col" className="c-rev"><span className="sr">{words.actions}</span></th></tr></thead>
        <tbody>
          <tr>
            <th scope="row"><span className="strong">{words.own}</span> <Chip kind="warn">{words.full}</Chip></th><td className="mid">{words.ownMay}</td><td className="num mid">{holds('master') || '–'}</td>
            <td className="mid gap cut" title={file}>{words.tokenFile} token</td>
            <td className="actions"><span className="group stay"><CopyButton text={() => native.copyToken()} label={words.copyToken} /></span></td>
          </tr>
          {(tokens ?? []).map((token) => (
            <tr key={token.name}>
              <th scope="row"><span className="strong">{token.name}</span>{token.scope === 'operator' ? <> <Chip kind="warn">{words.full}</Chip></> : null}</th>
              <td className="mid">{mayOf(token)}</td>
              <td className="num mid">{holds(token.name) || '–'}</td>
              <td className="mid gap"><LastUsed at={token.last_used_at} /></td>
              <td className="actions"><span className="group stay"><Button kind="quiet" small bad onClick={() => setRevoking(token)}>{words.revoke}</Button></span></td>
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
