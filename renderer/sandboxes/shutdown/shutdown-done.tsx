import { useState } from 'react'
import { go, hashOf } from '../../frame/route.ts'
import { Code } from '../../parts/blocks/code.tsx'
import { Button } from '../../parts/buttons/button.tsx'
import { Dialog } from '../../parts/floats/dialog.tsx'
import { Icon } from '../../parts/signs/icon.tsx'
import { Mark } from '../../parts/signs/mark.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { shortName } from '../deeds/names.ts'
import { outcome, type Failure, type Steps, type Target } from './shutdown.logic.ts'

export interface ShutdownDoneProps {
  readonly open: boolean
  readonly targets: readonly Target[]
  readonly failures: readonly Failure[]
  readonly steps: Steps
  readonly ms: number
  readonly onClose: () => void
  readonly onAgain: (failure: Failure) => Promise<void>
  readonly onLeave: (failure: Failure) => void
}

/** How it ended. Who is left is named with the engine's own words and a way on. */
export function ShutdownDone({ open, targets, failures, steps, ms, onClose, onAgain, onLeave }: ShutdownDoneProps) {
  const words = sandboxesWords.shutdown
  const format = useFormat()
  const whole = failures.some(({ id }) => id === '')
  const { gone, slowest } = outcome(targets, steps, failures)
  const title = whole ? words.broke : failures.length === 0 ? words.done(format.count(targets.length, 'sandbox', 'sandboxes'), targets.length === 1) : words.partly(gone, targets.length, failures.length)
  return (
    <Dialog
      title={title} about={whole ? undefined : words.after} open={open} onClose={onClose} alert={failures.length > 0}
      says={<>{words.allOf} <a className="inline" href={hashOf(['activity'])} onClick={onClose}>{words.activity}</a>.</>}
      actions={<Button safe onClick={onClose}>{words.close}</Button>}
    >
      {failures.map((failure) => <Failed key={failure.id} failure={failure} whole={whole} onAgain={onAgain} onLeave={onLeave} onClose={onClose} />)}
      {whole || gone === 0 ? null : (
        <details className="finished">
          <summary><Icon name="right" /><span><Mark name="gone" />{words.finished(format.number(gone))}</span><span className="dim">{words.slowest(format.inWords(ms), slowest === null || targets.length < 2 ? null : shortName(slowest.name))}</span></summary>
          <ul className="going">
            {targets.filter(({ id }) => !failures.some((one) => one.id === id)).map(({ id, name }) => (
              <li key={id}>
                <span className="status gone"><Mark name="gone" /></span><span className="t cut" title={name}>{shortName(name)}</span><span className="mid w">{words.phases.gone}</span>
                <span className="dim tm">{format.duration(steps.get(id)?.at ?? ms)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Dialog>
  )
}

function Failed({ failure, whole, onAgain, onLeave, onClose }: { failure: Failure; whole: boolean } & Pick<ShutdownDoneProps, 'onAgain' | 'onLeave' | 'onClose'>) {
  const words = sandboxesWords.shutdown
  const [busy, setBusy] = useState(false)
  return (
    <section className="fail" aria-label={words.broke}>
      {whole ? null : (
        <p><span className="status failed"><Mark name="failed" /></span><span><span className="strong">{shortName(failure.name)}</span> <span className="mid">{words.left}</span></span></p>
      )}
      <Code text={failure.error} label={words.broke} />
      <p className="acts">
        <Button
          icon="retry" busy={busy}
          onClick={() => {
            setBusy(true)
            void onAgain(failure).finally(() => setBusy(false))
          }}
        >
          {words.again}
        </Button>
        {whole ? null : (
          <Button
            kind="quiet"
            onClick={() => {
              onClose()
              go('sandboxes', failure.id, 'logs')
            }}
          >
            {words.log}
          </Button>
        )}
        <Button kind="quiet" onClick={() => onLeave(failure)}>{words.leave}</Button>
      </p>
    </section>
  )
}
