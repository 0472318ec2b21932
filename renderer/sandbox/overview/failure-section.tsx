import type { ErrorData } from '../../../shared/errors.ts'
import type { SandboxRow } from '../../../shared/state.ts'
import { Code } from '../../parts/blocks/code.tsx'
import { Note } from '../../parts/blocks/note.tsx'
import { Button } from '../../parts/buttons/button.tsx'
import { useDeeds } from '../../sandboxes/deeds/deeds.ts'
import { sentence } from '../../words/format.ts'
import { tabWords } from '../../words/tabs.ts'
import { fixesIn, logOf } from '../sandbox.logic.ts'

const words = tabWords.failure

/** Why it failed and what to do: the cause as a sentence, each fix as a line to copy, then the words of whoever refused, and the end of its log. */
export function FailureSection({ row, error }: { row: SandboxRow; error: ErrorData }) {
  const deeds = useDeeds()
  const log = logOf(error)
  return (
    <section className="section failure" aria-labelledby="why">
      <h2 id="why">{words.title}</h2>
      <Note
        kind="bad" title={sentence(error.message)}
        action={row.thread === null ? undefined : <Button small icon="retry" onClick={() => deeds.again(row)}>{words.again}</Button>}
      >
        {sentence(error.next)}
      </Note>
      {fixesIn(error.next).map((line) => <Code key={line} text={line} label={words.fix} />)}
      {error.cause === undefined ? null : <><h3>{words.cause}</h3><Code text={error.cause} label={words.cause} /></>}
      {log.length === 0 ? null : <><h3>{words.log}</h3><Code text={log.join('\n')} label={words.log} /></>}
    </section>
  )
}
