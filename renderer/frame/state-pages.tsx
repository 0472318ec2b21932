import { type ReactNode, useEffect, useState } from 'react'
import { Button } from '../parts/buttons.tsx'
import { Code, Note } from '../parts/blocks.tsx'
import { Mark } from '../parts/indicators.tsx'
import { frameWords } from '../words/frame.ts'
import { useConnection, useNative, useSurroundings } from '../state/contexts.ts'
import { Page } from '../parts/page.tsx'
import { asBerthError } from '../../shared/errors.ts'
import { Field } from '../parts/fields.tsx'
import { codeOf } from './locked.logic.ts'

/** Above the last state, which stays. What to do comes only when trying again has not helped. */
export function LostBanner() {
  const connection = useConnection()
  const { connector } = useSurroundings()
  const late = useLate(5000)
  const words = frameWords.lost
  const reason = connection.state === 'lost' ? `${words.title}: ${connection.reason}.` : `${words.title}.`
  return (
    <div className="banner">
      <Note
        kind="bad"
        title={reason}
        live
        action={
          <>
            <StartHere />
            <Button small onClick={() => connector.retry()}>
              {words.now}
            </Button>
          </>
        }
      >
        {words.stale} {late ? words.what : words.trying}
      </Note>
    </div>
  )
}

/** It was lost before anything had come. */
export function LostPage({ reason }: { reason: string }) {
  const { connector } = useSurroundings()
  const words = frameWords.lost
  return (
    <Bare title={words.title}>
      <p className="state">
        <span className="status failed">
          <Mark name="failed" />
          {words.title}
        </span>
      </p>
      <h2>{words.heading}</h2>
      <p>{reason}</p>
      <p className="waiting" role="status">
        <Mark name="creating" />
        <span>
          {words.trying} {words.what}
        </span>
        <span className="end">
          <StartHere />
          <Button small onClick={() => connector.retry()}>
            {words.now}
          </Button>
        </span>
      </p>
    </Bare>
  )
}

/** In the shell, once the engine has been gone for a while: run one there. What that fails with becomes the reason shown beside it. */
function StartHere() {
  const connection = useConnection()
  const { connector } = useSurroundings()
  const [busy, setBusy] = useState(false)
  if (connection.state !== 'lost' || connection.offer !== true || !connector.startHere) return null
  const start = () => {
    setBusy(true)
    const over = () => setBusy(false)
    connector.startHere?.().then(over, over)
  }
  return (
    <Button small kind="primary" busy={busy} onClick={start}>
      {frameWords.lost.here}
    </Button>
  )
}

/** Nothing for the first second: mostly it takes less, and a page that flickers explains nothing. */
export function ConnectingPage() {
  const late = useLate(1000)
  const { title, heading, text } = frameWords.connecting
  if (!late)
    return (
      <main aria-busy="true" className="bare">
        <h1 className="sr">Berth</h1>
      </main>
    )
  return (
    <Bare title={title}>
      <h2>{heading}</h2>
      <p className="waiting" role="status">
        <Mark name="creating" />
        <span>{text}</span>
      </p>
    </Bare>
  )
}

/** True after so many ms. */
function useLate(ms: number): boolean {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms)
    return () => clearTimeout(timer)
  }, [ms])
  return late
}

export function MismatchPage({ page, engine }: { page: string; engine: string }) {
  const words = frameWords.mismatch
  const native = useNative()
  return (
    <Bare title={words.title}>
      <h2>{words.heading}</h2>
      <dl className="facts">
        <dt>{words.page}</dt>
        <dd>{page}</dd>
        <dt>{words.engine}</dt>
        <dd>{engine}</dd>
      </dl>
      <p>{native.kind === 'electron' ? words.shell : words.next}</p>
      <div className="or">
        <Button kind="primary" safe onClick={() => location.reload()}>
          {words.reload}
        </Button>
      </div>
    </Bare>
  )
}

export function UnknownPage() {
  const { title, text, back } = frameWords.unknownPage
  return (
    <Page title={title}>
      <div className="scroll pad">
        <p>
          {text}{' '}
          <a className="inline" href="#/sandboxes">
            {back}
          </a>
          .
        </p>
      </div>
    </Page>
  )
}

/** A page without an engine behind it: no sidebar, for there is nowhere to go. */
function Bare({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Berth`
  }, [title])
  return (
    <main className="bare">
      <header className="bar">
        <h1>Berth</h1>
      </header>
      <div className="scroll">
        <div className="lead">{children}</div>
      </div>
    </main>
  )
}

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
      <div className="how">
        <Code text={words.command} label="Command" />
      </div>
      <form
        className="how login"
        onSubmit={(event) => {
          event.preventDefault()
          void enter()
        }}
      >
        <Field label={words.field} showLabel placeholder={words.paste} value={text} onChange={setText} error={error} hint={words.hint} mono autoFocus />
        <div className="or">
          <Button kind="primary" type="submit" busy={busy}>
            {busy ? words.entering : words.enter}
          </Button>
        </div>
      </form>
    </Bare>
  )
}
