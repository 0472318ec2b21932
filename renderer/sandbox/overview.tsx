import { useState } from 'react'
import { useActors, useEndpoint, useHouse, useNative, useNow } from '../state/contexts.ts'
import { Code, Note } from '../parts/blocks.tsx'
import type { TabProps } from './tab.ts'
import { type Details, useDetails } from './use-details.ts'
import type { SandboxRow } from '../../shared/state.ts'
import { Button, CopyButton } from '../parts/buttons.tsx'
import { Cut, Icon, Mark } from '../parts/indicators.tsx'
import { sentence, useFormat } from '../words/format.ts'
import { tabWords } from './tabs.words.ts'
import { useTask } from '../parts/use-task.ts'
import { fixesIn, isUp, logOf } from './sandbox.logic.ts'
import type { ErrorData } from '../../shared/errors.ts'
import { useSandboxActions } from '../actions/actions.ts'
import { hashOf } from '../state/page-address.ts'
import { useReveal } from './use-reveal.ts'
import { Field } from '../parts/fields.tsx'
import { Dialog } from '../parts/overlays.tsx'
import { holderName } from '../words/who.ts'

/** What is it doing, who has it, where are its files. */
export function OverviewTab({ row, gone }: TabProps) {
  const { details, problem } = useDetails(row, gone)
  const idle = useHouse((state) => state.house.idle_timeout)
  return (
    <div className="scroll pad">
      {problem ? (
        <Note kind="bad" title={problem.message}>
          {problem.next}
        </Note>
      ) : null}
      <div className="split">
        <div>
          {row.error === null || row.status !== 'failed' ? <CommandsSection row={row} /> : <FailureSection row={row} error={row.error} />}
          <FilesSection id={row.id} details={details} />
          <FactsSection row={row} details={details} />
        </div>
        <div>
          {row.status === 'failed' ? null : <HoldersSection row={row} idleSeconds={idle} />}
          <IsolationSection row={row} details={details} />
        </div>
      </div>
    </div>
  )
}

const words = tabWords.overview

/** Commands that run, and those before. */
function CommandsSection({ row }: { row: SandboxRow }) {
  const endpoint = useEndpoint()
  const format = useFormat()
  const task = useTask()
  const actor = useActors()
  const now = useNow(row.commands.length > 0 ? 'second' : 'none')
  return (
    <section className="section" aria-labelledby="running">
      <h2 id="running">{words.running}</h2>
      {row.commands.length === 0 ? (
        <p className="dim">{words.nothing}</p>
      ) : (
        row.commands.map((command) => (
          <div className="running" key={command.id}>
            <Mark name="active" />
            <code className="cut" title={command.command}>
              {command.command}
            </code>
            <span className="dim nowrap">{words.by(actor(command.who).name)}</span>
            <span className="end nowrap">{format.countdown(now - Date.parse(command.since))}</span>
            <Button small onClick={() => task.run(async () => void (await endpoint.call('interrupt', { command: command.id })))}>
              {words.interrupt}
            </Button>
          </div>
        ))
      )}
      {row.finished.length === 0 ? null : (
        <table className="table inset commands" aria-label={words.before}>
          <thead>
            <tr>
              <th scope="col">{words.before}</th>
              <th scope="col" className="c-who">
                {words.who}
              </th>
              <th scope="col" className="c-time">
                {words.at}
              </th>
              <th scope="col" className="num c-took">
                {words.took}
              </th>
              <th scope="col" className="num c-exit">
                {words.exit}
              </th>
            </tr>
          </thead>
          <tbody>
            {row.finished.map((command) => (
              <tr key={command.id}>
                <th scope="row">
                  <code title={command.command}>{command.command}</code>
                </th>
                <td>{actor(command.who).name}</td>
                <td className="mid">{format.clock(new Date(command.since))}</td>
                <td className="num mid">{format.duration(Date.parse(command.ended_at) - Date.parse(command.since))}</td>
                <td className="num">
                  {command.exit_code === 0 ? (
                    <span className="mid">0</span>
                  ) : (
                    <span className="exit bad-ink">
                      <Icon name="close" />
                      {command.exit_code ?? words.ended}
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

/** What it is made of. */
function FactsSection({ row, details }: { row: SandboxRow; details: Details | null }) {
  const format = useFormat()
  const native = useNative()
  const limits = details
    ? [
        details.limits.cpus === null ? null : words.cpus(String(details.limits.cpus)),
        details.limits.memory === null ? null : format.size(details.limits.memory),
        details.limits.pids === null ? null : words.processes(format.number(details.limits.pids)),
      ].filter((one) => one !== null)
    : null
  return (
    <section className="section" aria-labelledby="what">
      <h2 id="what">{words.sandbox}</h2>
      <dl className="facts">
        <dt>{words.id}</dt>
        <dd>
          <code>{row.id}</code>
          <CopyButton text={row.id} label={words.copyId} />
        </dd>
        <dt>{words.container}</dt>
        <dd>
          <code>{row.name}</code>
          <CopyButton text={row.name} label={words.copyName} />
        </dd>
        {row.image === null ? null : (
          <>
            <dt>{words.image}</dt>
            <dd>
              <code>{row.image}</code>
              {details?.image_id ? (
                <span className="dim" title={details.image_id}>
                  {details.image_id.slice(0, 19)}
                </span>
              ) : null}
            </dd>
          </>
        )}
        {details?.address && isUp(row) ? (
          <>
            <dt>{words.address}</dt>
            <dd>
              <code className="cut">{details.address}</code>
              <CopyButton text={() => native.copyAddress(row.id, 'program')} label={words.copyAddress} />
              <span className="dim nowrap">{words.needs}</span>
            </dd>
          </>
        ) : null}
        <dt>{row.status === 'failed' ? words.tried : words.started}</dt>
        <dd>
          <span title={format.full(new Date(row.created_at))}>{format.clock(new Date(row.created_at))}</span>
        </dd>
        {row.status === 'failed' ? null : (
          <>
            <dt>{words.limits}</dt>
            <dd>{limits === null ? '–' : limits.length === 0 ? words.noLimits : limits.join(', ')}</dd>
          </>
        )}
        {row.replaced > 0 ? (
          <>
            <dt>{words.replaced}</dt>
            <dd>{format.count(row.replaced, 'time')}</dd>
          </>
        ) : null}
      </dl>
      {details?.raw ? (
        <details className="tried">
          <summary>{words.raw}</summary>
          <div className="code">
            <pre tabIndex={0} role="group" aria-label={words.raw}>
              {JSON.stringify(details.raw, null, 2)}
            </pre>
          </div>
        </details>
      ) : null}
    </section>
  )
}

const failureSectionWords = tabWords.failure

/** Why it failed and what to do: the cause as a sentence, each fix as a line to copy, then the failureSectionWords of whoever refused, and the end of its log. */
function FailureSection({ row, error }: { row: SandboxRow; error: ErrorData }) {
  const actions = useSandboxActions()
  const log = logOf(error)
  return (
    <section className="section failure" aria-labelledby="why">
      <h2 id="why">{failureSectionWords.title}</h2>
      <Note
        kind="bad"
        title={sentence(error.message)}
        action={
          row.thread === null ? undefined : (
            <Button small icon="retry" onClick={() => actions.again(row)}>
              {failureSectionWords.again}
            </Button>
          )
        }
      >
        {sentence(error.next)}
      </Note>
      {fixesIn(error.next).map((line) => (
        <Code key={line} text={line} label={failureSectionWords.fix} />
      ))}
      {error.cause === undefined ? null : (
        <>
          <h3>{failureSectionWords.cause}</h3>
          <Code text={error.cause} label={failureSectionWords.cause} />
        </>
      )}
      {log.length === 0 ? null : (
        <>
          <h3>{failureSectionWords.log}</h3>
          <Code text={log.join('\n')} label={failureSectionWords.log} />
        </>
      )}
    </section>
  )
}

/** Where the thread's three directories are on this computer. */
function FilesSection({ id, details }: { id: string; details: Details | null }) {
  const { label, icon, reveal } = useReveal()
  const mounts = details?.mounts.filter(({ kind }) => kind === 'workspace' || kind === 'uploads' || kind === 'outputs') ?? []
  return (
    <section className="section" aria-labelledby="where">
      <h2 id="where">
        {words.files}
        <span className="end">
          <a className="small" href={hashOf(['sandboxes', id, 'mounts'])}>
            {words.allMounts}
          </a>
        </span>
      </h2>
      <table className="table inset paths" aria-labelledby="where">
        <tbody>
          {mounts.map((mount) => (
            <tr key={mount.container}>
              <th scope="row" className="c-in">
                <code>{mount.container}</code>
              </th>
              <td className="mid">
                <code>
                  <Cut text={mount.host} tail={mount.container.length - '/mnt'.length} />
                </code>
              </td>
              <td className="c-acts">
                <Button kind="quiet" small icon={icon} title={mount.host} onClick={() => reveal(mount.host)}>
                  <span className="label">{label}</span>
                </Button>
                {icon === 'copy' ? null : <CopyButton text={mount.host} label={tabWords.mounts.copyPath} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

const renameHolderWords = tabWords.overview.rename

/** A name for a conversation, wherever it holds something. */
function RenameHolder({ holder, name, onClose }: { holder: string; name: string; onClose: () => void }) {
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
      open
      title={renameHolderWords.title}
      about={renameHolderWords.about}
      className="newbox"
      onClose={onClose}
      onSubmit={save}
      actions={
        <>
          <Button onClick={onClose}>{renameHolderWords.cancel}</Button>
          <Button kind="primary" type="submit" busy={task.busy} disabled={!fits}>
            {renameHolderWords.save}
          </Button>
        </>
      }
    >
      <Field label={renameHolderWords.name} showLabel value={text} onChange={setText} data-first="" hint={holder} />
    </Dialog>
  )
}

/** Who has it, and what happens when nobody does. */
function HoldersSection({ row, idleSeconds }: { row: SandboxRow; idleSeconds: number }) {
  const endpoint = useEndpoint()
  const format = useFormat()
  const task = useTask()
  const [renaming, setRenaming] = useState<string | null>(null)
  const named = row.holders.find(({ holder }) => holder === renaming)
  return (
    <section className="section" aria-labelledby="held">
      <h2 id="held">{words.held}</h2>
      <ul className="holders">
        {row.holders.map(({ holder, name, since }) => (
          <li key={holder}>
            <Icon name={holder === 'desktop' ? 'user' : 'key'} />
            <span>
              <span className="strong" title={holder}>
                {holderName({ holder, name })}
              </span>
              <br />
              <span className="dim small">{words.since(format.clock(new Date(since)))}</span>
            </span>
            <span className="end">
              <Button kind="quiet" small onClick={() => setRenaming(holder)} aria-label={`${words.renameIt} ${holderName({ holder, name })}`}>
                {words.renameIt}
              </Button>
              <Button
                kind="quiet"
                small
                onClick={() => task.run(async () => void (await endpoint.call('release', { id: row.id, holder })))}
                aria-label={`${words.release} ${holderName({ holder, name })}`}
              >
                {words.release}
              </Button>
            </span>
          </li>
        ))}
      </ul>
      {row.holders.length === 0 ? <p className="mid">{words.nobody}</p> : null}
      <p className="dim small hint">
        {row.holders.length === 0 && row.expires_at !== null ? (
          <Reaped until={row.expires_at} />
        ) : idleSeconds > 0 ? (
          words.afterwards(format.inWords(idleSeconds * 1000))
        ) : (
          words.afterwardsNever
        )}
      </p>
      {named === undefined ? null : <RenameHolder holder={named.holder} name={holderName(named)} onClose={() => setRenaming(null)} />}
    </section>
  )
}

function Reaped({ until }: { until: string }) {
  const now = useNow('second')
  const format = useFormat()
  return <>{words.warmThen(format.countdown(Date.parse(until) - now))}</>
}

const kinds: Readonly<Record<SandboxRow['isolation'], string>> = {
  container: 'Container',
  bubblewrap: 'Process in bubblewrap',
  none: 'Process, not isolated',
  remote: 'Decided where it runs',
}

/** What keeps it apart, and what does not: said plainly. */
function IsolationSection({ row, details }: { row: SandboxRow; details: Details | null }) {
  return (
    <section className="section" aria-labelledby="iso">
      <h2 id="iso">{words.isolation}</h2>
      <dl className="facts narrow">
        <dt>Backend</dt>
        <dd>{kinds[row.isolation]}</dd>
        {details?.isolation.map(({ name, value, weak }) => (
          <div className="row" key={name}>
            <dt>{name}</dt>
            <dd>
              {weak ? (
                <span className="warn-ink flag">
                  <Icon name="warn" />
                  <span className="sr">weak: </span>
                </span>
              ) : null}
              {value}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
