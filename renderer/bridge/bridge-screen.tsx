import { useMemo, useState } from 'react'
import { useConnection, useEndpoint, useHouse, useNow, useTopic } from '../state/contexts.ts'
import { useFootKeys } from '../commands/foot-keys.ts'
import { Page } from '../parts/page.tsx'
import { Button, CopyButton, Filters } from '../parts/buttons.tsx'
import { Chip, Icon, Status } from '../parts/indicators.tsx'
import { bridgeWords as words } from '../words/bridge.ts'
import { Connect } from '../connect/connect.tsx'
import { TokenList } from './token-list.tsx'
import type { CallRecord } from '../../shared/topics/house-topics.ts'
import { Code, Empty } from '../parts/blocks.tsx'
import { Grid } from '../parts/grid/grid.tsx'
import type { Column } from '../parts/grid/columns.ts'
import { nothingChosen } from '../parts/grid/grid.logic.ts'
import { useFormat } from '../words/format.ts'
import { actorOf } from '../words/who.ts'
import { type CallFilter, filtered, isRefused, isSlow, lastHour, withBatch } from './calls.logic.ts'
import { asBerthError } from '../../shared/errors.ts'
import { Dialog } from '../parts/overlays.tsx'
import { useToast } from '../parts/toasts.ts'

/** How do I connect, who may, who did. */
export function BridgeScreen() {
  const url = useHouse((state) => state.house.url)
  useFootKeys([['n', words.newToken]])
  return (
    <Page
      title={words.title}
      beside={
        <>
          <Status status="active" word={words.listening} />
          <div className="code one addr">
            <pre tabIndex={0} role="group" aria-label={words.address}>
              {url}
            </pre>
            <CopyButton text={url} label={words.copyAddress} className="copy" />
          </div>
          <span className="dim nowrap">{words.here}</span>
        </>
      }
    >
      <div className="scroll">
        <div className="bridge">
          <div>
            <TokenList />
            <SessionList />
          </div>
          <Connect />
        </div>
        <Calls />
      </div>
    </Page>
  )
}

const kept = 300

/** Who did what, the newest first. */
export function Calls() {
  const [calls, setCalls] = useState<readonly CallRecord[]>([])
  const [filter, setFilter] = useState<CallFilter>('all')
  const [chosen, setChosen] = useState(nothingChosen)
  const format = useFormat()
  const now = useNow('minute')
  // Of those that are there: one that is gone goes by its id.
  const named = useHouse(({ sandboxes }) => JSON.stringify(Object.values(sandboxes).map(({ id, thread }) => [id, thread])))
  const threads = useMemo(() => new Map(JSON.parse(named) as [string, string | null][]), [named])
  useTopic(
    'calls',
    {},
    {
      start: () => setCalls([]),
      event: (batch) => setCalls((before) => withBatch(before, batch.calls, kept)),
    },
  )
  const hour = lastHour(calls, now)
  const shown = useMemo(() => filtered(calls, filter), [calls, filter])
  const columns = useMemo(
    (): readonly Column<CallRecord>[] => [
      {
        id: 'when',
        title: words.when,
        className: 'c-when mid',
        cell: ({ at }) => (
          <>
            {format.clock(new Date(at))}
            <span className="dim">{format.millis(new Date(at))}</span>
          </>
        ),
      },
      {
        id: 'who',
        title: words.token,
        className: 'c-who',
        cell: ({ client, error }) => <span className={error === 'UNAUTHORIZED' ? 'bad-ink' : undefined}>{actorOf(client).name}</span>,
      },
      { id: 'way', title: words.way, className: 'c-meth mid', cell: ({ transport }) => transport },
      { id: 'call', title: words.call, head: true, cell: ({ call }) => <code>{call}</code> },
      {
        id: 'thread',
        title: words.thread,
        className: 'c-thread mid',
        cell: ({ sandbox }) =>
          sandbox === null ? (
            '–'
          ) : (
            <span className="cut" title={sandbox}>
              {threads.get(sandbox) ?? sandbox}
            </span>
          ),
      },
      {
        id: 'status',
        title: words.status,
        className: 'c-code',
        cell: ({ error }) =>
          error === null ? (
            <span className="mid">{words.ok}</span>
          ) : (
            <span className="exit bad-ink" title={error}>
              <Icon name="close" />
              {error}
            </span>
          ),
      },
      { id: 'took', title: words.took, className: 'c-took mid', num: true, cell: ({ ms }) => format.duration(ms) },
    ],
    [format, threads],
  )
  return (
    <section className="callsec" aria-labelledby="calls">
      <h2 id="calls" className="h2">
        {words.calls}{' '}
        <Filters
          label={words.show}
          value={filter}
          onChange={setFilter}
          options={[
            { value: 'all', label: words.allCalls },
            { value: 'refused', label: words.refused, count: calls.filter(isRefused).length },
            { value: 'slow', label: words.slow, count: calls.filter(isSlow).length },
          ]}
        />
        <span className="end dim small">{words.summary(format.number(hour.count), hour.median === null ? null : format.duration(hour.median))}</span>
      </h2>
      <Grid
        label={words.calls}
        className="calls"
        columns={columns}
        groups={[{ id: 'all', rows: shown }]}
        id={(call) => String(call.seq)}
        text={({ client }) => actorOf(client).name}
        chosen={chosen}
        onChoose={setChosen}
        empty={<Empty title={calls.length === 0 ? words.noCalls : words.noMatch}>{calls.length === 0 ? words.noCallsHow : null}</Empty>}
      />
    </section>
  )
}

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
      <h2 id="browsers">
        {words.sessions} <span className="dim">{all.length}</span>
        <span className="end">
          <Button small icon="link" onClick={() => void endpoint.call('login_link', {}).then(({ url }) => setLink(reachable(url)), failed)}>
            {words.link}
          </Button>
        </span>
      </h2>
      {all.length === 0 ? (
        <p className="dim small">{words.sessionsNone}</p>
      ) : (
        <table className="table inset" aria-labelledby="browsers">
          <tbody>
            {all.map((session) => (
              <tr key={session.id}>
                <th scope="row">{session.agent}</th>
                <td className="mid">
                  {session.connected ? <Status status="active" word={words.connected} /> : <Seen at={session.last_seen_at} />}
                  {session.id === own ? (
                    <>
                      {' '}
                      <Chip>{words.thisOne}</Chip>
                    </>
                  ) : null}
                </td>
                <td className="actions">
                  <span className="group stay">
                    <Button kind="quiet" small bad onClick={() => (session.id === own ? setLeaving(true) : end(session.id))}>
                      {words.end}
                    </Button>
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {leaving && own !== null ? (
        <Dialog
          open
          alert
          title={words.endOwn.title}
          about={words.endOwn.about}
          onClose={() => setLeaving(false)}
          actions={
            <>
              <Button safe onClick={() => setLeaving(false)}>
                {words.endOwn.keep}
              </Button>
              <Button kind="danger" onClick={() => end(own)}>
                {words.endOwn.end}
              </Button>
            </>
          }
        />
      ) : null}
      {link === null ? null : (
        <Dialog
          open
          title={words.linkTitle}
          about={words.linkAbout}
          onClose={() => setLink(null)}
          actions={
            <Button safe onClick={() => setLink(null)}>
              {words.close}
            </Button>
          }
        >
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
