import { type ReactNode, useState } from 'react'
import { ConnectLines } from '../connect/connect.tsx'
import { useEndpoint, useHouse, useNative } from '../state/contexts.ts'
import { hashOf } from '../state/page-address.ts'
import { shortEngineName } from '../words/format.ts'
import { Button, CopyButton } from '../parts/buttons.tsx'
import { Icon, Mark } from '../parts/indicators.tsx'
import { useFormat } from '../words/format.ts'
import { sandboxesWords } from '../words/sandboxes.ts'
import { useSandboxActions } from '../actions/actions.ts'
import { Pier } from './pool-strip.tsx'
import { mostBerths } from './pool.logic.ts'
import { asBerthError } from '../../shared/errors.ts'
import type { House } from '../../shared/state.ts'
import { Code } from '../parts/blocks.tsx'
import { backendKinds } from '../../shared/backends.ts'

const words = sandboxesWords.first

/** No sandbox yet: how an agent gets one, and how to get one oneself. */
export function FirstRun() {
  const house = useHouse((state) => state.house)
  const native = useNative()
  const actions = useSandboxActions()
  const format = useFormat()
  const free = format.count(house.replicas, ...words.berth)
  const ready = house.spares.slots.some(({ state }) => state !== 'starting')
  return (
    <div className="scroll">
      <section className="lead" aria-labelledby="empty">
        {house.replicas > mostBerths / 2 ? null : (
          <Pier
            big
            berths={Array.from({ length: house.replicas }, () => 'free' as const)}
            replicas={house.replicas}
            slots={house.spares.slots}
            label={words.pier(free, format.count(house.spares.slots.length, ...sandboxesWords.pool.slots))}
          />
        )}
        <h2 id="empty">{words.title}</h2>
        <p>
          {words.about}
          {ready ? ` ${words.slot}` : ''}
        </p>
        <ConnectLines title={words.connect} />
        <div className="how">
          <dl className="facts">
            <dt>{words.bridge}</dt>
            <dd>
              <code>{house.url}</code>
              <CopyButton text={house.url} label={words.copyAddress} />
              <span className="dim small">{words.local}</span>
            </dd>
            <dt>{words.token}</dt>
            <dd>
              <code aria-hidden="true">e2b_••••••••</code>
              <CopyButton text={() => native.copyToken()} label={words.copyToken} />
              <span className="dim small cut">
                {words.tokenIs}{' '}
                <a className="inline" href={hashOf(['bridge'])}>
                  {words.bridge}
                </a>
              </span>
            </dd>
          </dl>
        </div>
        <p className="or">
          <Button icon="terminal" onClick={() => actions.begin(words.ownThread)}>
            {words.own}
          </Button>
          <span className="dim">{words.ownIs}</span>
        </p>
        <Found />
      </section>
    </div>
  )
}

/** What is there and what is on its way. */
function Found() {
  const { backend, image, spares } = useHouse((state) => state.house)
  const format = useFormat()
  const starting = spares.slots.filter(({ state }) => state === 'starting').length
  const slots = spares.slots.length - starting
  return (
    <ul className="checks" aria-label={words.checks}>
      <Finding done>
        {words.answers(shortEngineName(backend.engine ?? backend.kind))} <span className="dim cut">{rest(backend.engine)}</span>
      </Finding>
      {image === null ? null : <Finding done={image.present}>{image.present ? words.image(image.name) : words.imageComing(image.name)}</Finding>}
      {spares.off !== null ? (
        spares.wanted === 0 ? null : (
          <li title={spares.off}>
            <Mark name="unknown" />
            {words.slotsOff} <span className="dim cut">{spares.off}</span>
          </li>
        )
      ) : slots === 0 && starting === 0 ? null : (
        <Finding done={starting === 0}>
          {words.bound}{' '}
          <span className="dim">
            {[...(slots > 0 ? [words.slotsReady(format.number(slots))] : []), ...(starting > 0 ? [words.slotsStarting(format.number(starting))] : [])].join(
              ', ',
            )}
          </span>
        </Finding>
      )}
    </ul>
  )
}

function Finding({ done, children }: { done: boolean; children: ReactNode }) {
  return (
    <li className={done ? undefined : 'busy'}>
      <Mark name={done ? 'gone' : 'creating'} />
      {children}
    </li>
  )
}

/** What follows the name and version. */
function rest(engine: string | null): string {
  return engine?.split(', ').slice(1).join(', ') ?? ''
}

/** Nothing can run a sandbox: why, what fixes it, and that it goes on by itself. */
export function EngineMissing() {
  const words = sandboxesWords.missing
  const [backend, waiting] = useHouse(({ house }) => [house.backend, house.waiting])
  const endpoint = useEndpoint()
  const format = useFormat()
  const [busy, setBusy] = useState(false)
  const [still, setStill] = useState<string | null>(null)
  const none = !backendKinds[backend.kind].provisions

  async function retry(): Promise<void> {
    setBusy(true)
    setStill(null)
    try {
      const { reachable, problem } = await endpoint.call('retry', {})
      if (!reachable) setStill(problem ?? backend.reason)
    } catch (thrown) {
      setStill(asBerthError(thrown).message)
    } finally {
      setBusy(false)
    }
  }

  return (
    <div className="scroll">
      <section className="lead" aria-labelledby="missing">
        <p className="state">
          <span className="status failed">
            <Mark name="failed" />
            {none ? words.none : words.state(shortEngineName(backend.engine ?? 'Docker'))}
          </span>
        </p>
        <h2 id="missing">{none ? words.nothing : words.stopped}</h2>
        <p>{backend.problem ?? backend.reason}</p>
        {backend.chosen === 'remembered' && !none ? <p className="kept mid">{words.kept}</p> : null}
        <div className="how">
          {backend.fixes.length === 0 ? null : (
            <>
              <div className="h2">
                <span>{words.fix}</span>
              </div>
              <Fixes fixes={backend.fixes} />
            </>
          )}
          <p className="waiting" role="status">
            <Mark name="creating" />
            <span>{still === null ? words.waiting : words.still(/[.!?]$/.test(still) ? still : `${still}.`)}</span>
            <span className="end">
              <Button small busy={busy} onClick={() => void retry()}>
                {busy ? words.trying : words.retry}
              </Button>
            </span>
          </p>
          {waiting === 0 ? null : (
            <p className="held small">
              <Icon name="clock" />
              <span>
                <span className="strong">{words.held(format.count(waiting, ...words.acquire))}</span> <span className="dim">{words.heldRest}</span>
              </span>
            </p>
          )}
        </div>
      </section>
    </div>
  )
}

/** Ways out, the best first: a sentence, and the command as it is to be run. */
export function Fixes({ fixes }: { fixes: House['backend']['fixes'] }) {
  return (
    <ol className="fixes">
      {fixes.map(({ text, command }) => (
        <li key={`${text} ${command ?? ''}`}>
          <p className="mid">
            {/[.!?]$/.test(text) || command !== null ? text : `${text}.`}
            {command !== null && !/[.:]$/.test(text) ? ':' : ''}
          </p>
          {command === null ? null : <Code text={command} label={text} />}
        </li>
      ))}
    </ol>
  )
}
