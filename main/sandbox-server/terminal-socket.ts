import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { parseJson } from '../../shared/parse-json.ts'
import { refuse } from './http.ts'
import type { ShellSessions } from './shell-sessions.ts'
import type { Terminals } from './terminal.ts'

/** Milliseconds between pings, and bytes a slow client may be behind before its terminal waits. */
const pingEvery = 30_000
const behind = 512 * 1024
/** Bytes of one message from a client; a terminal's input is a few. */
const messageLimit = 1024 * 1024

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
export async function terminalSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  query: URLSearchParams,
  options: TerminalSocketOptions,
): Promise<void> {
  const source = await find(query, options)
  if (!source) return refuse(socket, 503, 'Too many sessions')
  // Only with a terminal, which most sandboxes never have: 0.4 MiB unused, and 1 more once it is loaded.
  const { WebSocketServer } = await import('ws')
  // What is no UTF-8 is typed as far as it can be read. A protocol that a client offers is none of ours.
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageLimit,
    skipUTF8Validation: true,
    handleProtocols: () => false,
  })
  server.on('wsClientError', () => refuse(socket, 400, 'Bad Request'))
  server.handleUpgrade(request, socket, head, (connection) => serve(connection, socket, source, options.touch))
}

function serve(connection: WebSocket, socket: Duplex, source: Source, touch: () => void): void {
  const send = (message: unknown): void => connection.send(JSON.stringify(message))
  send({ type: 'session_id', data: source.id })
  send({ type: 'ready', data: 'Terminal ready' })
  if (source.backlog !== '') send({ type: 'output', data: source.backlog })
  const detach = source.attach(
    (text) => {
      send({ type: 'output', data: text })
      // Not the connection's `bufferedAmount`, which counts what is dropped while it closes as well.
      if (socket.writableLength > behind) source.pause(true)
    },
    () => connection.close(1000, 'The shell has ended'),
  )
  socket.on('drain', () => source.pause(false))
  const ping = setInterval(() => send({ type: 'ping', timestamp: Date.now() }), pingEvery)
  ping.unref()
  let left = false
  const leave = (): void => {
    if (left) return
    left = true
    clearInterval(ping)
    source.pause(false)
    detach()
  }
  connection.on('message', (data) => take((data as Buffer).toString('utf8'), source, touch))
  // A frame that is wrong or too long: the client is being told, and may take its time; nobody else is to wait for it.
  connection.on('error', leave)
  connection.on('close', leave)
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

interface Message {
  readonly type?: unknown
  readonly data?: unknown
}

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
