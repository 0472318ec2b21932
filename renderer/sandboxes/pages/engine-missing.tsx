import { useState } from 'react'
import { asBerthError } from '../../../shared/errors.ts'
import { useEndpoint } from '../../frame/house/contexts.ts'
import { useHouse } from '../../frame/house/use-house.ts'
import { shortName } from '../../frame/window/side.logic.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Icon } from '../../parts/signs/icon.tsx'
import { Mark } from '../../parts/signs/mark.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { Fixes } from './fixes.tsx'

/** Nothing can run a sandbox: why, what fixes it, and that it goes on by itself. */
export function EngineMissing() {
  const words = sandboxesWords.missing
  const [backend, waiting] = useHouse(({ house }) => [house.backend, house.waiting])
  const endpoint = useEndpoint()
  const format = useFormat()
  const [busy, setBusy] = useState(false)
  const [still, setStill] = useState<string | null>(null)
  const none = backend.kind === 'none'

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
        <p className="state"><span className="status failed"><Mark name="failed" />{none ? words.none : words.state(shortName(backend.engine ?? 'Docker'))}</span></p>
        <h2 id="missing">{none ? words.nothing : words.stopped}</h2>
        <p>{backend.problem ?? backend.reason}</p>
        {backend.chosen === 'remembered' && !none ? <p className="kept mid">{words.kept}</p> : null}
        <div className="how">
          {backend.fixes.length === 0 ? null : <><div className="h2"><span>{words.fix}</span></div><Fixes fixes={backend.fixes} /></>}
          <p className="waiting" role="status">
            <Mark name="creating" /><span>{still === null ? words.waiting : words.still(/[.!?]$/.test(still) ? still : `${still}.`)}</span>
            <span className="end"><Button small busy={busy} onClick={() => void retry()}>{busy ? words.trying : words.retry}</Button></span>
          </p>
          {waiting === 0 ? null : (
            <p className="held small"><Icon name="clock" /><span><span className="strong">{words.held(format.count(waiting, ...words.acquire))}</span> <span className="dim">{words.heldRest}</span></span></p>
          )}
        </div>
      </section>
    </div>
  )
}
