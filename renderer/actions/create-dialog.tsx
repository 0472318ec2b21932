import { useEffect, useRef, useState } from 'react'
import { asBerthError, type BerthError } from '../../shared/errors.ts'
import { sayNext } from '../../shared/say-next.ts'
import type { Progress as ProgressLine } from '../../shared/sandbox.ts'
import { useEndpoint, useHouse } from '../state/contexts.ts'
import { go, lookedAtKey } from '../state/page-address.ts'
import { Button, Segments } from '../parts/buttons.tsx'
import { Code, Note } from '../parts/blocks.tsx'
import { Check, Field } from '../parts/fields.tsx'
import { Dialog } from '../parts/overlays.tsx'
import { Kbd, Mark, Progress } from '../parts/indicators.tsx'
import { useFormat } from '../words/format.ts'
import { sandboxesWords } from '../words/sandboxes.ts'
import { holdersOf } from '../words/who.ts'
import { curlLine, nameProblem, nearestName, ofThread, ownHolder, shellLine } from './create.logic.ts'
import type { CallResult } from '../../shared/contract.ts'

const words = sandboxesWords.create

/** Acquires a thread's sandbox for the person at the screen, and says beforehand what that means. */
export function CreateDialog({ onClose }: { onClose: () => void }) {
  const endpoint = useEndpoint()
  const format = useFormat()
  const [house, sandboxes] = useHouse((state) => [state.house, state.sandboxes])
  const rows = Object.values(sandboxes)
  const [thread, setThread] = useState('')
  const [user, setUser] = useState('default')
  const [terminal, setTerminal] = useState(true)
  const [same, setSame] = useState<'shell' | 'curl'>('shell')
  const [asked, setAsked] = useState(false)
  const [progress, setProgress] = useState<ProgressLine | null>(null)
  const [error, setError] = useState<BerthError | null>(null)
  const control = useRef<AbortController>(null)
  const [busy, setBusy] = useState(false)
  const shown = useRef(true)
  useEffect(() => {
    shown.current = true
    return () => {
      shown.current = false
    }
  }, [])

  const threadError = nameProblem('thread', thread) ?? (asked && thread === '' ? words.needed : null)
  const userError = nameProblem('user', user) ?? (asked && user === '' ? words.userNeeded : null)
  const there = ofThread(rows, thread, user)
  const filesOf = useThreadFiles()
  const near = nameProblem('thread', thread) === null ? null : nearestName(thread)

  async function create(): Promise<void> {
    setAsked(true)
    if (busy || thread === '' || user === '' || threadError !== null || userError !== null) return
    const abort = new AbortController()
    control.current = abort
    setBusy(true)
    setError(null)
    setProgress(null)
    try {
      const { id } = await endpoint.call(
        'acquire',
        { thread, user, holder: ownHolder },
        {
          signal: abort.signal,
          onChunk: (line) => {
            if (shown.current) setProgress(line)
          },
        },
      )
      // Whoever closed this meanwhile has gone on to something else.
      if (!shown.current) return
      onClose()
      if (terminal) {
        // Who makes it anew wants a new terminal, and no word of those of its earlier life.
        localStorage.removeItem(lookedAtKey(id))
        go('sandboxes', id, 'terminal')
      }
    } catch (thrown) {
      if (shown.current && !abort.signal.aborted) setError(asBerthError(thrown))
    } finally {
      if (shown.current) setBusy(false)
    }
  }

  const says = there !== null && there.status !== 'failed' ? null : sayNext(house.next.acquire, house.replicas, format)
  const example = thread === '' || threadError !== null ? 'my-thread' : thread
  const line = same === 'shell' ? shellLine(house, example, user) : curlLine(house.url, example, user)
  return (
    <Dialog
      title={words.title}
      about={words.about}
      open
      onClose={onClose}
      className="newbox"
      onSubmit={() => void create()}
      says={
        busy ? (
          words.hide
        ) : says === null ? undefined : (
          <span>
            {says.map(({ text, name }, at) =>
              name ? (
                <span key={at} className="mid">
                  {text}
                </span>
              ) : (
                text
              ),
            )}
          </span>
        )
      }
      actions={
        <>
          {busy ? <Button onClick={() => control.current?.abort()}>{words.stop}</Button> : <Button onClick={onClose}>{words.cancel}</Button>}
          <Button kind="primary" type="submit" busy={busy}>
            {busy ? (
              words.working
            ) : (
              <>
                {error === null ? words.create : words.again} <Kbd keys="Enter" />
              </>
            )}
          </Button>
        </>
      }
    >
      <Field
        label={words.thread}
        showLabel
        value={thread}
        onChange={setThread}
        error={threadError}
        locked={busy}
        data-first=""
        hint={thread === '' ? undefined : <Outlook row={there} files={filesOf(thread, user)} />}
      />
      {near === null ? null : (
        <div className="fieldrow near-name">
          <span />
          <div>
            <Button small onClick={() => setThread(near)}>
              {words.useInstead(near)}
            </Button>
          </div>
        </div>
      )}
      <Field label={words.user} showLabel value={user} onChange={setUser} error={userError} locked={busy} />
      <div className="fieldrow">
        <span>{words.next}</span>
        <div>
          <Check checked={terminal} onChange={setTerminal} label={words.terminal} />
        </div>
      </div>
      {busy || error !== null ? null : (
        <div className="same">
          <div className="h2">
            <span className="mid">{words.same}</span>
            <Segments
              label={words.same}
              value={same}
              options={[
                { value: 'shell', label: words.shell },
                { value: 'curl', label: words.curl },
              ]}
              onChange={setSame}
            />
          </div>
          <Code text={line} label={words.same} />
        </div>
      )}
      {busy ? (
        <p className="work" role="status">
          <span className="say">{progress?.text ?? words.working}</span>
          {progress !== null && progress.total !== null && progress.done !== null ? (
            <>
              <Progress done={progress.done} total={progress.total} label={progress.text} />
              <span className="w-pct mid">{format.percent(Math.min(1, progress.done / progress.total))}</span>
            </>
          ) : (
            <Progress done={null} total={null} label={words.working} />
          )}
        </p>
      ) : null}
      {error === null ? null : (
        <Note kind="bad" live title={`${error.message.replace(/[.]$/, '')}.`}>
          {error.next}
        </Note>
      )}
    </Dialog>
  )
}

/** What becomes of this name. */
function Outlook({ row, files }: { row: ReturnType<typeof ofThread>; files: ThreadFiles }) {
  const format = useFormat()
  if (row === null) {
    if (files === 'looking') return <>{words.looking}</>
    if (files === 'unknown') return <>{words.kept}</>
    return files === 'none' ? (
      <>
        <Mark name="gone" />
        {words.fresh}
      </>
    ) : (
      <>{words.there.files(format.count(files.files, 'file'), format.size(files.bytes))}</>
    )
  }
  if (row.status === 'active') return <>{words.there.active(holdersOf(row).join(' and '))}</>
  return <>{words.there[row.status]}</>
}

type ThreadRow = CallResult<'threads'>['threads'][number]

/** What a thread has on the disk, whether it has a sandbox or not. */
type ThreadFiles = 'looking' | 'unknown' | 'none' | ThreadRow

/** Asked once, as it reads the disk; answers for any name. */
function useThreadFiles(): (thread: string, user: string) => ThreadFiles {
  const endpoint = useEndpoint()
  const [threads, setThreads] = useState<readonly ThreadRow[] | 'looking' | 'unknown'>('looking')
  useEffect(() => {
    let shown = true
    endpoint.call('threads', {}).then(
      (got) => {
        if (shown) setThreads(got.threads)
      },
      () => {
        if (shown) setThreads('unknown')
      },
    )
    return () => {
      shown = false
    }
  }, [endpoint])
  return (thread, user) =>
    typeof threads === 'string' ? threads : (threads.find((one) => one.thread === thread && one.user === user && one.files > 0) ?? 'none')
}
