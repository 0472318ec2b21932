import { useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Code } from '../parts/blocks/code.tsx'
import { useToast } from '../parts/floats/toasts.ts'
import { Icon } from '../parts/signs/icon.tsx'
import { Mark } from '../parts/signs/mark.tsx'
import { Status } from '../parts/signs/status.tsx'
import { useFormat } from '../words/formats.ts'
import { sandboxesWords } from '../words/sandboxes.ts'

const words = sandboxesWords.missing

/** Nothing can run a sandbox: why, the exact command that changes it, and that Berth goes on by itself. */
export function EngineMissing() {
  const house = useHouse((state) => state.house)
  const endpoint = useEndpoint()
  const toast = useToast()
  const format = useFormat()
  const [looking, setLooking] = useState(false)
  const { backend } = house
  const lost = backend.kind !== 'none'

  async function look(): Promise<void> {
    setLooking(true)
    try {
      await endpoint.call('retry', {})
    } catch (thrown) {
      const error = asBerthError(thrown)
      toast({ title: error.message, detail: error.next, status: 'failed' })
    } finally {
      setLooking(false)
    }
  }

  return (
    <div className="scroll">
      <section className="lead" aria-labelledby="missing">
        <p className="state"><Status status="failed" word={lost ? words.stateLost(backend.engine ?? 'The container engine') : words.state} /></p>
        <h2 id="missing">{lost ? words.titleLost : words.title}</h2>
        <p>{backend.problem ?? backend.reason}</p>
        {backend.fixes.map((fix) => (
          <div className="how" key={`${fix.text}${fix.command}`}>
            <div className="h2"><span>{fix.text}</span></div>
            {fix.command === null ? null : <Code text={fix.command} label={fix.text} />}
          </div>
        ))}
        <p className="waiting" role="status">
          <Mark name="creating" /><span>{words.waiting}</span>
          <span className="end"><Button small icon="retry" busy={looking} onClick={() => void look()}>{words.retry}</Button></span>
        </p>
        {house.waiting > 0 ? (
          <p className="held small"><Icon name="clock" /><span><span className="strong">{words.waiters(format.count(house.waiting, 'acquire'))}.</span> <span className="dim">{words.waitersWhy}</span></span></p>
        ) : null}
        <p className="mid">{words.works}</p>
      </section>
    </div>
  )
}
