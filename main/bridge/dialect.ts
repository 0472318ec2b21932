import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type BerthError, errorCodes, toErrorData } from '../../shared/errors.ts'

/** How a request is told that it failed. */
export interface Refusal { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }

/**
 * A protocol that is spoken below a path. It has its own form for what fails, wherever that happens: in its route, or before
 * one was found (a foreign host, no token, no such path, a head that is no HTTP).
 */
export interface Dialect {
  /** This path, and all below it; '': whatever is asked. */
  readonly prefix: string
  refusal(error: BerthError): Refusal
}

/** Berth's own: `{ "error": ErrorData }` with the code's status. */
export const berthDialect: Dialect = {
  prefix: '',
  refusal: (error) => jsonRefusal(errorCodes[error.code].http, { error: toErrorData(error) }),
}

export function jsonRefusal(status: number, body: unknown): Refusal {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(body) }
}

/** Whose form an answer at this address has; `url` as it was sent, whatever it is. */
export function dialectAt(url: string | undefined, dialects: readonly Dialect[]): Dialect {
  const path = (url ?? '').split('?', 1)[0] ?? ''
  return dialects.find(({ prefix }) => prefix === '' || path === prefix || path.startsWith(`${prefix}/`)) ?? berthDialect
}

export function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  const { status, headers, body } = withChallenge(refusal)
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

/** The same on a connection that is no longer node:http's, and its end. */
export function rawRefusal(socket: Duplex, refusal: Refusal): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const { status, headers, body } = withChallenge(refusal)
  const all = { 'connection': 'close', 'cache-control': 'no-store', ...headers, 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy())
}

/** Never Basic: a browser would ask for a password and then attach it by itself. */
function withChallenge(refusal: Refusal): Refusal {
  return refusal.status === 401 ? { ...refusal, headers: { ...refusal.headers, 'www-authenticate': 'Bearer realm="berth"' } } : refusal
}
