import type { ReactNode } from 'react'
import { ConnectLines } from '../../bridge/connect.tsx'
import { useNative } from '../../frame/house/contexts.ts'
import { useHouse } from '../../frame/house/use-house.ts'
import { hashOf } from '../../frame/route.ts'
import { shortName } from '../../frame/window/side.logic.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { CopyButton } from '../../parts/buttons/copy-button.tsx'
import { Mark } from '../../parts/signs/mark.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { useDeeds } from '../deeds/deeds.ts'
import { Pier } from '../pool/pier.tsx'
import { mostBerths } from '../pool/pool.logic.ts'

const words = sandboxesWords.first

/** No sandbox yet: how an agent gets one, and how to get one oneself. */
export function FirstRun() {
  const house = useHouse((state) => state.house)
  const native = useNative()
  const deeds = useDeeds()
  const format = useFormat()
  const free = format.count(house.replicas, ...words.berth)
  const ready = house.spares.slots.some(({ state }) => state !== 'starting')
  return (
    <div className="scroll">
      <section className="lead" aria-labelledby="empty">
        {house.replicas > mostBerths / 2 ? null : (
          <Pier
            big berths={Array.from({ length: house.replicas }, () => 'free' as const)} replicas={house.replicas} slots={house.spares.slots}
            label={words.pier(free, format.count(house.spares.slots.length, ...sandboxesWords.pool.slots))}
          />
        )}
        <h2 id="empty">{words.title}</h2>
        <p>{words.about}{ready ? ` ${words.slot}` : ''}</p>
        <ConnectLines title={words.connect} />
        <div className="how">
          <dl className="facts">
            <dt>{words.bridge}</dt>
            <dd><code>{house.url}</code><CopyButton text={house.url} label={words.copyAddress} /><span className="dim small">{words.local}</span></dd>
            <dt>{words.token}</dt>
            <dd><code aria-hidden="true">e2b_••••••••</code><CopyButton text={() => native.copyToken()} label={words.copyToken} /><span className="dim small cut">{words.tokenIs} <a className="inline" href={hashOf(['bridge'])}>{words.bridge}</a></span></dd>
          </dl>
        </div>
        <p className="or"><Button icon="terminal" onClick={() => deeds.begin(words.ownThread)}>{words.own}</Button><span className="dim">{words.ownIs}</span></p>
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
      <Finding done>{words.answers(shortName(backend.engine ?? backend.kind))} <span className="dim cut">{rest(backend.engine)}</span></Finding>
      {image === null ? null : <Finding done={image.present}>{image.present ? words.image(image.name) : words.imageComing(image.name)}</Finding>}
      {spares.off !== null
        ? spares.wanted === 0 ? null : <li title={spares.off}><Mark name="unknown" />{words.slotsOff} <span className="dim cut">{spares.off}</span></li>
        : slots === 0 && starting === 0 ? null : <Finding done={starting === 0}>{words.bound} <span className="dim">{[...(slots > 0 ? [words.slotsReady(format.number(slots))] : []), ...(starting > 0 ? [words.slotsStarting(format.number(starting))] : [])].join(', ')}</span></Finding>}
    </ul>
  )
}

function Finding({ done, children }: { done: boolean; children: ReactNode }) {
  return <li className={done ? undefined : 'busy'}><Mark name={done ? 'gone' : 'creating'} />{children}</li>
}

/** What follows the name and version. */
function rest(engine: string | null): string {
  return engine?.split(', ').slice(1).join(', ') ?? ''
}
