import type { CallResult } from '../../shared/contract.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useNow } from '../frame/house/use-now.ts'
import { hashOf } from '../frame/route.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Code } from '../parts/blocks/code.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { Mark } from '../parts/signs/mark.tsx'
import { Progress } from '../parts/signs/progress.tsx'
import { useFormat } from '../words/formats.ts'
import { sandboxesWords } from '../words/sandboxes.ts'
import { progressOf } from './shutdown.logic.ts'

const words = sandboxesWords.shutdown

interface Named { readonly id: string; readonly name: string }

/** How far each of them is, from the live state. */
export function ShutdownGoing({ was, since, onClose }: { was: readonly Named[]; since: number; onClose: () => void }) {
  const sandboxes = useHouse((state) => state.sandboxes)
  const format = useFormat()
  useNow('second')
  const going = progressOf(was, sandboxes)
  const gone = going.filter(({ state }) => state === 'gone').length
  return (
    <Dialog open title={words.goingTitle(format.count(was.length, 'sandbox', 'sandboxes'))} about={words.going} onClose={onClose} says={words.goesOn} actions={<Button safe onClick={onClose}>{words.close}</Button>}>
      <div className="total">
        <Progress label={words.going} done={gone} total={was.length} />
        <span className="nowrap"><span className="strong">{gone} of {was.length}</span> <span className="dim">{format.duration(performance.now() - since)}</span></span>
      </div>
      <ul className="going">
        {going.map(({ id, name, state }) => (
          <li key={id}>
            <span className={`status ${state === 'gone' ? 'gone' : 'stopping'}`}><Mark name={state === 'gone' ? 'gone' : 'stopping'} /></span>
            <span className="t cut">{name}</span><span className="mid w">{words[state]}</span><span />
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

/** What came of it: each that is still there with the engine's words and a way on. */
export function ShutdownResult({ was, report, ms, onClose, onAgain }: { was: readonly Named[]; report: CallResult<'shutdown'>; ms: number; onClose: () => void; onAgain: () => void }) {
  const format = useFormat()
  const { failed } = report
  const count = (n: number) => format.count(n, 'sandbox is', 'sandboxes are')
  const done = Math.max(0, was.length - failed.length)
  const name = (id: string) => was.find((it) => it.id === id)?.name ?? id
  return (
    <Dialog
      open alert={failed.length > 0}
      title={failed.length === 0 ? words.allDone(count(done)) : words.some(String(done), String(was.length), `${failed.length} ${failed.length === 1 ? 'is' : 'are'}`)}
      about={`${words.noLoss} ${format.duration(ms)}.`}
      onClose={onClose}
      says={<>{words.allOfIt} <a className="inline" href={hashOf(['activity'])} onClick={onClose}>{words.activity}</a>.</>}
      actions={<Button safe={failed.length === 0} onClick={onClose}>{failed.length === 0 ? words.close : words.leave}</Button>}
    >
      {failed.map(({ id, error }) => (
        <section className="fail" key={id} aria-label={name(id)}>
          <p><span className="status failed"><Mark name="failed" /></span><span><span className="strong">{name(id)}</span> <span className="mid">{words.still}</span></span></p>
          <Code text={error} />
          <p className="next mid">{words.next}</p>
        </section>
      ))}
      {failed.length > 0 ? <p className="acts"><Button safe icon="retry" onClick={onAgain}>{words.again}</Button></p> : null}
    </Dialog>
  )
}
