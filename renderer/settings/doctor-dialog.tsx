import { useEffect, useState } from 'react'
import type { CallResult } from '../../shared/contract.ts'
import { sayDoctor } from '../../shared/say-doctor.ts'
import { asBerthError, type BerthError } from '../../shared/errors.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Code } from '../parts/blocks/code.tsx'
import { Note } from '../parts/blocks/note.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { Mark, type MarkName } from '../parts/signs/mark.tsx'
import { settingsWords } from '../words/settings.ts'

const words = settingsWords.doctor
const marks: Readonly<Record<'ok' | 'warn' | 'fail' | 'skip', MarkName>> = { ok: 'gone', warn: 'unknown', fail: 'failed', skip: 'slot' }

/** Everything that a sandbox needs, measured now; what is wrong stands first, with its fix. */
export function DoctorDialog({ onClose }: { onClose: () => void }) {
  const endpoint = useEndpoint()
  const [report, setReport] = useState<CallResult<'doctor'> | null>(null)
  const [problem, setProblem] = useState<BerthError | null>(null)
  useEffect(() => {
    endpoint.call('doctor', {}).then(setReport, (error: unknown) => setProblem(asBerthError(error)))
  }, [endpoint])
  const order = ['fail', 'warn', 'ok', 'skip']
  const checks = [...(report?.checks ?? [])].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
  return (
    <Dialog open title={words.title} about={report === null ? words.running : sayDoctor(report.checks)} onClose={onClose} actions={<Button safe onClick={onClose}>{words.close}</Button>}>
      {problem ? <Note kind="bad" title={problem.message}>{problem.next}</Note> : null}
      {/* It scrolls, so a keyboard must get into it. */}
      <ul className="doctor" tabIndex={0} aria-label={words.title}>
        {checks.map(({ name, status, text, fix }) => (
          <li key={name}>
            <span className={`status ${marks[status]}`}><Mark name={marks[status]} /><span className="sr">{status}: </span>{name}</span> <span className="mid">{text}</span>
            {fix === null || status === 'ok' ? null : <Code text={fix} label={name} />}
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
