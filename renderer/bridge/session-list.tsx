import { useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import { useConnection, useEndpoint } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useNow } from '../frame/house/use-now.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Code } from '../parts/blocks/code.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { useToast } from '../parts/floats/toasts.ts'
import { Chip } from '../parts/signs/chip.tsx'
import { Status } from '../parts/signs/status.tsx'
import { useFormat } from '../words/formats.ts'
import { bridgeWords as words } from '../words/bridge.ts'

/** Browsers that are logged in. */
export function SessionList() {
  const sessions = useHouse((state) => state.sessions)
  const endpoint = useEndpoint()
  const toast = useToast()
  const connection = useConnection()
  const own = connection.state === 'open' ? connection.session : null
  const [leaving, setLeaving] = useState(false)
  const end = (id: string) => void endpoint.call('session_end', { id }).catch(failed)
  const [link, setLink] = useState<string | null>(null)
  const all = Object.values(sessions).sort((a, b) => Number(b.connected) - Number(a.connected) || (a.last_seen_at < b.last_seen_at ? 1 : -1))
  const failed = (thrown: unknown) => {
    const error = asBerthError(thrown)
    toast({ title: error.message, detail: error.next, status: 'failed', stay: true })
  }
  return (
    <section className="section" aria-labelledby="browsers">
      <h2 id="browsers">{words.sessions} <span className="dim">{all.length}</span><span className="end"><Button small icon="link" onClick={() => void endpoint.call('login_link', {}).then(({ url }) => setLink(reachable(url)), failed)}>{words.link}</Button></span></h2>
      {all.length === 0 ? <p className="dim small">{words.sessionsNone}</p> : (
        <table className="table inset" aria-labelledby="browsers">
          <tbody>
            {all.map((session) => (
              <tr key={session.id}>
                <th scope="row">{session.agent}</th>
                <td className="mid">{session.connected ? <Status status="active" word={words.connected} /> : <Seen at={session.last_seen_at} />}{session.id === own ? <> <Chip>{words.thisOne}</Chip></> : null}</td>
                <td className="actions"><span className="group stay"><Button kind="quiet" small bad onClick={() => (session.id === own ? setLeaving(true) : end(session.id))}>{words.end}</Button></span></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {leaving && own !== null ? (
        <Dialog
          open alert title={words.endOwn.title} about={words.endOwn.about} onClose={() => setLeaving(false)}
          actions={<><Button safe onClick={() => setLeaving(false)}>{words.endOwn.keep}</Button><Button kind="danger" onClick={() => end(own)}>{words.endOwn.end}</Button></>}
        />
      ) : null}
      {link === null ? null : (
        <Dialog open title={words.linkTitle} about={words.linkAbout} onClose={() => setLink(null)} actions={<Button safe onClick={() => setLink(null)}>{words.close}</Button>}>
          <Code text={link} label={words.linkTitle} />
        </Dialog>
      )}
    </section>
  )
}

/** A page that came by a forwarded port gives out that address: the engine knows only its own. */
function reachable(url: string): string {
  return location.protocol === 'http:' ? new URL(new URL(url).hash, `${location.origin}/`).href : url
}

function Seen({ at }: { at: string }) {
  const now = useNow('minute')
  const format = useFormat()
  return <>{words.seen(format.age(Math.max(0, now - Date.parse(at))))}</>
}
