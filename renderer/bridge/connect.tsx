import { useState } from 'react'
import { useHouse } from '../frame/house/use-house.ts'
import { Segments } from '../parts/buttons/segments.tsx'
import { Code } from '../parts/blocks/code.tsx'
import { bridgeWords as words } from '../words/bridge.ts'
import { exportLine, snippetsFor, type Snippet } from './snippets.logic.ts'

/** What to put where, for each kind of client. */
export function Connect() {
  const [url, file] = useHouse(({ house }) => [house.url, house.token_file])
  const [kind, setKind] = useState<Snippet['id']>('claude')
  const snippets = snippetsFor(url)
  const snippet = snippets.find(({ id }) => id === kind) ?? snippets[0]
  return (
    <section className="section connect" aria-labelledby="connect">
      <h2 id="connect">{words.connect} <Segments label={words.client} value={kind} onChange={setKind} options={snippets.map(({ id, name }) => ({ value: id, label: name }))} /></h2>
      {snippet ? <Code text={snippet.text} label={snippet.place} /> : null}
      <p className="dim small hint">{words.keep}</p>
      <Code text={exportLine(file)} label={words.token} />
    </section>
  )
}
