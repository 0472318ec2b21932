import { useEffect, useState } from 'react'
import type { CallResult } from '../../shared/contract.ts'
import { asBerthError, type BerthError } from '../../shared/errors.ts'
import { useEndpoint, useNative } from '../frame/house/contexts.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Code } from '../parts/blocks/code.tsx'
import { Note } from '../parts/blocks/note.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { settingsWords } from '../words/settings.ts'

const words = settingsWords.diagnostics

/** What a report of a problem needs: shown before it is saved. */
export function DiagnosticsDialog({ onClose }: { onClose: () => void }) {
  const endpoint = useEndpoint()
  const native = useNative()
  const [made, setMade] = useState<CallResult<'diagnostics'> | null>(null)
  const [problem, setProblem] = useState<BerthError | null>(null)
  useEffect(() => {
    endpoint.call('diagnostics', {}).then(setMade, (error: unknown) => setProblem(asBerthError(error)))
  }, [endpoint])
  async function save(): Promise<void> {
    if (!made) return
    try {
      if (await native.saveText(made.name, made.text)) onClose()
    } catch (thrown) {
      setProblem(asBerthError(thrown))
    }
  }
  return (
    <Dialog
      open title={words.title} about={words.about} onClose={onClose} className="wide"
      actions={<><Button safe onClick={onClose}>{words.close}</Button><Button kind="primary" disabled={made === null} onClick={() => void save()}>{words.save}</Button></>}
    >
      {problem ? <Note kind="bad" title={problem.message}>{problem.next}</Note> : null}
      {made === null ? <p className="dim">{words.making}</p> : <div className="report"><Code text={made.text} label={words.title} /></div>}
    </Dialog>
  )
}
