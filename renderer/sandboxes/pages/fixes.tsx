import type { House } from '../../../shared/state.ts'
import { Code } from '../../parts/blocks/code.tsx'

/** Ways out, the best first: a sentence, and the command as it is to be run. */
export function Fixes({ fixes }: { fixes: House['backend']['fixes'] }) {
  return (
    <ol className="fixes">
      {fixes.map(({ text, command }) => (
        <li key={`${text} ${command ?? ''}`}>
          <p className="mid">{/[.!?]$/.test(text) || command !== null ? text : `${text}.`}{command !== null && !/[.:]$/.test(text) ? ':' : ''}</p>
          {command === null ? null : <Code text={command} label={text} />}
        </li>
      ))}
    </ol>
  )
}
