import { useState } from 'react'
import { asBerthError } from '../../../shared/errors.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Code } from '../../parts/blocks/code.tsx'
import { Note } from '../../parts/blocks/note.tsx'
import { Field } from '../../parts/fields/field.tsx'
import { frameWords } from '../../words/frame.ts'
import { codeOf } from './locked.logic.ts'
import { Bare } from './bare.tsx'

/** No key, or one that is no longer taken: how to get one. */
export function LockedPage({ problem, login }: { problem: string | null; login: (code: string) => Promise<void> }) {
  const words = frameWords.lock
  const [text, setText] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  async function enter(): Promise<void> {
    const code = codeOf(text)
    if (code === null) return setError(words.empty)
    setBusy(true)
    setError(null)
    try {
      await login(code)
    } catch (thrown) {
      const { message, next } = asBerthError(thrown)
      setError(`${message}. ${next}`)
      setBusy(false)
    }
  }
  return (
    <Bare title={words.title}>
      {problem === null ? null : <Note kind="warn" title={problem} live />}
      <h2>{words.heading}</h2>
      <p>{words.about}</p>
      <div className="how"><Code text={words.command} label="Command" /></div>
      <form
        className="how login"
        onSubmit={(event) => {
          event.preventDefault()
          void enter()
        }}
      >
        <Field label={words.field} showLabel placeholder={words.paste} value={text} onChange={setText} error={error} hint={words.hint} mono autoFocus />
        <div className="or"><Button kind="primary" type="submit" busy={busy}>{busy ? words.entering : words.enter}</Button></div>
      </form>
    </Bare>
  )
}
