import { useEffect, useState } from 'react'
import { Button } from '../../parts/buttons/button.tsx'
import { Dialog } from '../../parts/floats/dialog.tsx'
import { Mark } from '../../parts/signs/mark.tsx'
import { Progress } from '../../parts/signs/progress.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { shortName } from '../deeds/names.ts'
import type { Steps, Target } from './shutdown.logic.ts'

const marks = { waiting: 'creating', stopping: 'stopping', gone: 'gone' } as const

/** Each sandbox as the engine's state shows it, not as a bar that guesses. */
export function ShutdownGoing({ open, targets, steps, since, onClose }: { open: boolean; targets: readonly Target[]; steps: Steps; since: number; onClose: () => void }) {
  const words = sandboxesWords.shutdown
  const format = useFormat()
  const [now, setNow] = useState(() => performance.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 500)
    return () => clearInterval(timer)
  }, [])
  const gone = targets.filter(({ id }) => steps.get(id)?.phase === 'gone').length
  const title = words.going(format.count(targets.length, 'sandbox', 'sandboxes'))
  return (
    <Dialog title={title} about={words.refused} open={open} onClose={onClose} says={words.goesOn} actions={<Button safe onClick={onClose}>{words.close}</Button>}>
      <div className="total">
        <Progress done={gone} total={targets.length} label={title} />
        <span className="nowrap"><span className="strong">{words.progress(format.number(gone), format.number(targets.length))}</span> <span className="dim">{format.duration(Math.max(0, now - since))}</span></span>
      </div>
      <ul className="going" aria-live="polite">
        {targets.map(({ id, name }) => {
          const step = steps.get(id) ?? { phase: 'waiting' as const, at: 0 }
          const ms = step.phase === 'gone' ? step.at : now - since
          return (
            <li key={id}>
              <span className={`status ${marks[step.phase]}`}><Mark name={marks[step.phase]} /></span>
              <span className="t cut" title={name}>{shortName(name)}</span><span className="mid w">{words.phases[step.phase]}</span>
              <span className="dim tm" aria-hidden={step.phase !== 'gone'}>{format.duration(Math.max(0, ms))}</span>
            </li>
          )
        })}
      </ul>
    </Dialog>
  )
}
