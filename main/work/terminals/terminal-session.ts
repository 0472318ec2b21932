import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import { onAbort } from '../../../shared/abort.ts'
import { fail } from '../../../shared/errors.ts'
import type { Terminal } from '../../../shared/terminal.ts'
import type { TopicUp } from '../../../shared/topics.ts'
import type { Clock } from '../../base/clock.ts'
import type { Visit } from '../../core/provider-api.ts'
import type { TopicSink, TopicStream } from '../../base/topic-handlers.ts'
import { history, inParts, unheard } from './history.ts'
import type { Address } from '../../sandbox/sandbox-api.ts'
import { parseMessage } from '../../base/socket-message.ts'

export interface TerminalSession {
  now(): Terminal
  /** One more viewer. The newest is in focus until another one says that it is. */
  view(sink: TopicSink<'terminal'>): TopicStream<'terminal'>
  end(reason: string): void
  /** The sandbox's own id of it; null: it never came to be. */
  shell(): string | null
}

interface Viewer {
  readonly sink: TopicSink<'terminal'>
  /** Missed something: gets the history anew once it has room. */ behind: boolean
  full: number | null
}

/** Characters of history. */
const kept = 262_144
/** Characters typed while the connection is being made again. */
const keptUnsaid = 4_194_304
/** A viewer that takes nothing for this long no longer holds up the others, in milliseconds. */
const patienceMs = 5000
const tries = 5

/** A shell in a sandbox, whoever looks at it: it lives here, not in a page. */
export function terminalSession(deps: {
  sandbox: string
  title: string
  /** Whose sandbox it is, for the prompt; empty: nobody's in particular. */
  thread: string
  cols: number
  rows: number
  visit: Visit
  clock: Clock
  onChange: () => void
  onEnded: () => void
}): TerminalSession {
  const { visit, clock, sandbox } = deps
  const id = randomBytes(8).toString('hex')
  const createdAt = new Date(clock.wall()).toISOString()
  const past = history(kept)
  const viewers: Viewer[] = []
  let focus: Viewer | null = null
  let { cols, rows } = deps
  let shell: string | null = null
  let ended: string | null = null
  let paused = false
  let failures = 0
  /** Connected once more: what comes first may have been there before. */
  let again = false
  /** Nothing came over this connection yet. */
  let silent = true
  /** The shell hears what is said. */
  let linked = false
  /** Typed while it did not. */
  let unsaid = ''
  let watchdog: { cancel(): void } | null = null
  let unlisten = (): void => undefined
  let link: ShellLink = connect()

  function connect(): ShellLink {
    const made = linkShell(
      visit.address,
      { session: shell, thread: deps.thread },
      {
        session(given) {
          if (shell !== null && shell !== given) return over('Its shell has ended')
          again = shell !== null
          shell = given
          failures = 0
          linked = true
          silent = true
          link.resize(cols, rows)
          if (paused) link.pause(true)
          const said = unsaid
          unsaid = ''
          link.type(said)
        },
        output,
        closed({ ended: shellEnded, reason }) {
          linked = false
          if (ended !== null) return
          if (shellEnded) return over('Its shell has ended')
          failures += 1
          if (failures > tries || visit.lost.aborted) return void broken(reason)
          clock.timer(100 * 2 ** failures, () => {
            if (ended === null) link = connect()
          })
        },
      },
    )
    return made
  }

  async function broken(reason: string): Promise<void> {
    const why = await visit.explain(fail('SANDBOX_UNREACHABLE', `The connection to the shell broke: ${reason}`, { next: 'Open another terminal.' }))
    over(why.message)
  }

  function output(told: string): void {
    // A shell that had not begun when it was told its size has not heard it.
    if (silent) link.resize(cols, rows)
    silent = false
    const text = again ? unheard(past.text(), told) : told
    again = false
    past.add(text)
    for (const viewer of viewers) {
      if (!viewer.behind) viewer.sink.send({ type: 'data', data: text })
      if (!viewer.sink.room()) viewer.full ??= clock.now()
    }
    hold()
  }

  function type(data: string): void {
    if (linked) link.type(data)
    else if (unsaid.length + data.length <= keptUnsaid) unsaid += data
  }

  /** The source waits for the slowest viewer, but not for ever. */
  function hold(): void {
    const now = clock.now()
    for (const viewer of viewers) if (viewer.full !== null && now - viewer.full > patienceMs) viewer.behind = true
    const wait = viewers.some((viewer) => viewer.full !== null && !viewer.behind)
    if (wait !== paused) {
      paused = wait
      link.pause(wait)
    }
    watchdog?.cancel()
    watchdog = wait ? clock.timer(1000, hold) : null
  }

  function room(viewer: Viewer): void {
    if (viewer.full === null || !viewer.sink.room()) return
    viewer.full = null
    if (viewer.behind) {
      viewer.behind = false
      replay(viewer)
    }
    hold()
  }

  function replay(viewer: Viewer): void {
    viewer.sink.send({ type: 'replay', data: past.text(), cols, rows, cut: past.cut() })
  }

  function focusOn(viewer: Viewer | null): void {
    focus = viewer
    for (const each of viewers) each.sink.send({ type: 'focus', yours: each === focus, viewers: viewers.length })
  }

  function resize(to: { cols: number; rows: number }): void {
    if (to.cols === cols && to.rows === rows) return
    cols = to.cols
    rows = to.rows
    link.resize(cols, rows)
    for (const viewer of viewers) viewer.sink.send({ type: 'size', cols, rows })
    deps.onChange()
  }

  function up(viewer: Viewer, data: TopicUp<'terminal'>): void {
    if (ended !== null) return
    if (data.type === 'input') {
      visit.touch()
      type(data.data)
    } else if (data.type === 'focus') focusOn(viewer)
    else if (viewer !== focus) return
    else if (data.type === 'answer') type(data.data)
    else resize(data)
  }

  function over(reason: string): void {
    if (ended !== null) return
    ended = reason
    watchdog?.cancel()
    unlisten()
    link.close()
    visit.leave()
    for (const viewer of viewers) viewer.sink.send({ type: 'end', reason })
    deps.onChange()
    deps.onEnded()
  }

  unlisten = onAbort(visit.lost, ({ reason }) => over(reason instanceof Error ? reason.message : 'The sandbox has ended'))

  return {
    now: () => ({ id, sandbox, title: deps.title, created_at: createdAt, cols, rows, ended }),
    view(sink) {
      const viewer: Viewer = { sink, behind: false, full: null }
      viewers.push(viewer)
      replay(viewer)
      if (ended !== null) sink.send({ type: 'end', reason: ended })
      focusOn(viewer)
      sink.onRoom(() => room(viewer))
      return {
        up: (data) => up(viewer, data),
        close() {
          const at = viewers.indexOf(viewer)
          if (at < 0) return
          viewers.splice(at, 1)
          if (focus === viewer) focusOn(viewers.at(-1) ?? null)
          hold()
        },
      }
    },
    end: over,
    shell: () => shell,
  }
}

/** One connection to a shell inside a sandbox. What is said before `session` was heard, or after the end, is lost. */
interface ShellLink {
  type(data: string): void
  resize(cols: number, rows: number): void
  /** Stops and resumes reading: what comes meanwhile waits in the sandbox. */
  pause(on: boolean): void
  close(): void
}

export interface ShellListener {
  /** The sandbox's own id of the session; another one than asked for means that the old one is gone. */
  session(id: string): void
  output(text: string): void
  /** `ended`: the shell itself is over; otherwise only the connection. */
  closed(how: { ended: boolean; reason: string }): void
}

/** Bytes of one message at most; a shell's are small. */
const largest = 16_777_216

/**
 * `WS /v1/shell/ws` of a sandbox: JSON messages `input`, `resize`, `pong` to it; `session_id`, `ready`, `output`, `ping`,
 * `error` from it, as AIO images and the lite server speak it.
 */
function linkShell(address: Address, wanted: { session: string | null; thread: string }, listener: ShellListener): ShellLink {
  // The lite server shows the thread in its prompt; AIO images do not look at it.
  const query = new URLSearchParams({ thread: wanted.thread, ...(wanted.session === null ? {} : { session_id: wanted.session }) })
  const url = `${address.url.replace(/^http/, 'ws')}/v1/shell/ws?${query.toString()}`
  const socket = new WebSocket(url, {
    headers: address.key === null ? {} : { 'x-aio-api-key': address.key },
    handshakeTimeout: 10_000,
    maxPayload: largest,
    perMessageDeflate: false,
  })
  let problem = ''
  const send = (message: unknown) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
  }
  socket.on('message', (raw, binary) => {
    const message = binary ? null : (parseMessage(raw) as { type?: unknown; data?: unknown; timestamp?: unknown } | null)
    if (typeof message?.data === 'string' && message.type === 'session_id') listener.session(message.data)
    else if (typeof message?.data === 'string' && message.type === 'output') listener.output(message.data)
    else if (message?.type === 'ping') send({ type: 'pong', data: { timestamp: message.timestamp ?? null } })
    else if (message?.type === 'error') problem = typeof message.data === 'string' ? message.data : 'the sandbox reports an error'
  })
  socket.on('error', (error) => {
    problem ||= error.message
  })
  socket.on('close', (code, reason) =>
    listener.closed({ ended: code === 1000, reason: reason.toString('utf8') || problem || `the connection ended (${code})` }),
  )
  return {
    // In parts: the lite server takes 1 MiB a message.
    type(data) {
      for (const part of inParts(data, 65_536)) send({ type: 'input', data: part })
    },
    resize: (cols, rows) => send({ type: 'resize', data: { cols, rows } }),
    pause(on) {
      if (on) socket.pause()
      else socket.resume()
    },
    close: () => socket.close(1000),
  }
}
