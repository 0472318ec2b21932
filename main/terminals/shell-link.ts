import { WebSocket } from 'ws'
import type { Address } from '../sandbox/sandbox-api.ts'
import { parse } from '../wire/socket-port.ts'
import { inParts } from './history.ts'

/** One connection to a shell inside a sandbox. What is said before `session` was heard, or after the end, is lost. */
export interface ShellLink {
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
export function linkShell(address: Address, wanted: { session: string | null; thread: string }, listener: ShellListener): ShellLink {
  // The lite server shows the thread in its prompt; AIO images do not look at it.
  const query = new URLSearchParams({ thread: wanted.thread, ...(wanted.session === null ? {} : { session_id: wanted.session }) })
  const url = `${address.url.replace(/^http/, 'ws')}/v1/shell/ws?${query.toString()}`
  const socket = new WebSocket(url, {
    headers: address.key === null ? {} : { 'x-aio-api-key': address.key },
    handshakeTimeout: 10_000, maxPayload: largest, perMessageDeflate: false,
  })
  let problem = ''
  const send = (message: unknown) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
  }
  socket.on('message', (raw, binary) => {
    const message = binary ? null : (parse(raw) as { type?: unknown; data?: unknown; timestamp?: unknown } | null)
    if (typeof message?.data === 'string' && message.type === 'session_id') listener.session(message.data)
    else if (typeof message?.data === 'string' && message.type === 'output') listener.output(message.data)
    else if (message?.type === 'ping') send({ type: 'pong', data: { timestamp: message.timestamp ?? null } })
    else if (message?.type === 'error') problem = typeof message.data === 'string' ? message.data : 'the sandbox reports an error'
  })
  socket.on('error', (error) => {
    problem ||= error.message
  })
  socket.on('close', (code, reason) => listener.closed({ ended: code === 1000, reason: reason.toString('utf8') || problem || `the connection ended (${code})` }))
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
