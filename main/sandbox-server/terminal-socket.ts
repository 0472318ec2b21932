import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { parseJson } from '../../shared/parse-json.ts'
import type { ShellSessions } from './shell-sessions.ts'
import type { Terminals } from './terminal.ts'
import { WebSocketConnection, refuse } from './websocket.ts'

/** Milliseconds between pings, and bytes a slow client may be behind before its terminal waits. */
const pingEvery = 30_000
const behind = 512 * 1024

export interface TerminalSocketOptions {
  readonly terminals: Terminals
  readonly shells: ShellSessions
  /** Bytes from the client are activity. */
  readonly touch: () => void
}

/** What a client is connected to. */
interface Source {
  readonly id: string
  readonly backlog: string
  type(data: string): void
  resize(cols: number, rows: number): void
  pause(on: boolean): void
  attach(output: (text: string) => void, end: () => void): () => void
}

/**
 * `WS /v1/shell/ws[?session_id=]`: JSON messages `input`, `resize`, `pong` from the client; `session_id`, `ready`,
 * `output`, `ping`, `error` to it. An unknown `session_id` gets a new terminal, as clients are told to expect.
 */
export async function terminalSocket(request: IncomingMessage, socket: Duplex, head: Buffer, query: URLSearchParams, options: TerminalSocketOptions): Promise<void> {
  const source = await find(query, options)
  if (!source) return refuse(socket, 503, 'Too many sessions')
  let detach: (() => void) | null = null
  let ping: NodeJS.Timeout | null = null
  const connection = WebSocketConnection.accept(request, socket, head, {
    message: (text) => take(text, source, options.touch),
    close: () => {
      if (ping) clearInterval(ping)
      source.pause(false)
      detach?.()
    },
  })
  if (!connection) return
  connection.send({ type: 'session_id', data: source.id })
  connection.send({ type: 'ready', data: 'Terminal ready' })
  if (source.backlog !== '') connection.send({ type: 'output', data: source.backlog })
  detach = source.attach(
    (text) => {
      connection.send({ type: 'output', data: text })
      if (connection.waiting > behind) source.pause(true)
    },
    () => connection.close(1000, 'The shell has ended'),
  )
  connection.onDrain(() => source.pause(false))
  ping = setInterval(() => connection.send({ type: 'ping', timestamp: Date.now() }), pingEvery)
  ping.unref()
}

async function find(query: URLSearchParams, options: TerminalSocketOptions): Promise<Source | null> {
  const id = query.get('session_id') ?? ''
  const session = options.shells.list().find((each) => each.id === id)
  if (session) {
    // A session of commands can be watched and typed into; its line ends are those of text, not of a screen.
    const screen = (text: string): string => text.replaceAll(/\r?\n/g, '\r\n')
    return {
      id,
      backlog: screen(session.last?.text() ?? ''),
      type: (data) => session.type(data),
      resize: () => undefined,
      pause: () => undefined,
      attach: (output) => session.onOutput((bytes) => output(screen(bytes.toString('utf8')))),
    }
  }
  const term = /^[a-z0-9-]{1,32}$/.exec(query.get('term') ?? '')?.[0] ?? 'xterm-256color'
  const terminal = options.terminals.find(id) ?? (await options.terminals.open({ term, thread: query.get('thread') ?? '' }))
  if (!terminal) return null
  return {
    id: terminal.id,
    backlog: terminal.text(),
    type: (data) => terminal.type(data),
    resize: (cols, rows) => terminal.resize(cols, rows),
    pause: (on) => terminal.pause(on),
    attach: (output, end) => terminal.attach({ output, end }),
  }
}

interface Message { readonly type?: unknown; readonly data?: unknown }

/** What is no message of the protocol is dropped: it changes nothing, and clients of other versions may send more. */
function take(text: string, source: Source, touch: () => void): void {
  const message = parse(text)
  if (message?.type === 'input' && typeof message.data === 'string') {
    touch()
    source.type(message.data)
  } else if (message?.type === 'resize' && typeof message.data === 'object' && message.data !== null) {
    const { cols, rows } = message.data as { cols?: unknown; rows?: unknown }
    if (cells(cols) && cells(rows)) source.resize(cols, rows)
  }
}

function parse(text: string): Message | null {
  try {
    const value = parseJson(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

function cells(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 1000
}
