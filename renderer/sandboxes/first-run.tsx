import { useState } from 'react'
import { exportLine, snippetsFor, type Snippet } from '../bridge/snippets.logic.ts'
import { useNative } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { hashOf } from '../frame/route.ts'
import { Button } from '../parts/buttons/button.tsx'
import { CopyButton } from '../parts/buttons/copy-button.tsx'
import { Segments } from '../parts/buttons/segments.tsx'
import { Code } from '../parts/blocks/code.tsx'
import { Mark } from '../parts/signs/mark.tsx'
import { sandboxesWords } from '../words/sandboxes.ts'
import { useAsk } from './asking.ts'
import { Pier } from './pier.tsx'

const words = sandboxesWords.first

/** No sandboxes yet: one way to get the first, with everything it takes in sight. */
export function FirstRun() {
  const house = useHouse((state) => state.house)
  const native = useNative()
  const ask = useAsk()
  const [kind, setKind] = useState<Snippet['id']>('claude')
  const snippets = snippetsFor(house.url)
  const snippet = snippets.find(({ id }) => id === kind) ?? snippets[0]
  const slots = house.spares.slots.length
  return (
    <div className="scroll">
      <section className="lead" aria-labelledby="empty">
        <Pier large sandboxes={[]} replicas={house.replicas} slots={slots} />
        <h2 id="empty">{words.title}</h2>
        <p>{words.text}{house.spares.slots.some(({ state }) => state !== 'starting') ? ` ${words.slotReady}` : ''}</p>
        <div className="how">
          <div className="h2">
            <span>{words.connect}</span>
            <Segments label={words.kind} value={kind} onChange={setKind} options={snippets.map(({ id, name }) => ({ value: id, label: name }))} />
            <span className="end small dim">{snippet?.place}</span>
          </div>
          {snippet ? <Code text={snippet.text} label={snippet.place} /> : null}
          <dl className="facts">
            <dt>{words.bridge}</dt>
            <dd><code>{house.url}</code><CopyButton text={house.url} label={words.copyAddress} /><span className="dim small">{words.only}</span></dd>
            <dt>{words.token}</dt>
            <dd>
              <code className="cut">{exportLine(house.token_file)}</code><CopyButton text={() => native.copyToken()} label={words.copyToken} />
            </dd>
            <dt><span className="sr">{words.token}</span></dt>
            <dd><span className="dim small">{words.tokenFor} <a className="inline" href={hashOf(['bridge'])}>{words.bridge}</a></span></dd>
          </dl>
        </div>
        <p className="or"><Button icon="terminal" onClick={() => ask({ what: 'create' })}>{words.own}</Button><span className="dim">{words.ownWhy}</span></p>
        <ul className="checks" aria-label={words.found}>
          <li><Mark name="gone" />{house.backend.kind === 'embedded' ? words.embedded : words.answers(house.backend.engine ?? 'The engine')}</li>
          {house.image ? (
            <li className={house.image.present ? undefined : 'busy'}>
              <Mark name={house.image.present ? 'gone' : 'creating'} />
              {house.image.present ? words.imageHere(house.image.name) : house.image.since === null ? words.imageMissing(house.image.name) : words.imageComing(house.image.name)}
            </li>
          ) : null}
          <li><Mark name="gone" /><span className="cut" title={house.home}>{words.home(house.home)}</span></li>
        </ul>
      </section>
    </div>
  )
}
