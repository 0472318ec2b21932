import { type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type BerthError, errorCodes, fail, toErrorData } from '../../../shared/errors.ts'

/** How a request is told that it failed. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

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
  const all = { connection: 'close', 'cache-control': 'no-store', ...headers, 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy())
}

/** Never Basic: a browser would ask for a password and then attach it by itself. */
function withChallenge(refusal: Refusal): Refusal {
  return refusal.status === 401 ? { ...refusal, headers: { ...refusal.headers, 'www-authenticate': 'Bearer realm="berth"' } } : refusal
}

type ParserError = Error & { readonly code?: string; readonly rawPacket?: Buffer }

/** How long a connection may be kept without a request, milliseconds. Clients learn it from the first answer, as a hint. */
export const keptMs = 120_000

/** Fewer bytes than the shortest request has: none was begun on it, or an end of line at most. */
const isUnused = ({ bytesRead }: Socket) => bytesRead < 'GET / HTTP/1.1\r\n\r\n'.length

/** Connections on which nothing was asked yet: to node:http they are busy, and clients keep such in store. For a server that closes. */
export function unusedConnections(server: Server): { end(): void } {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return {
    end() {
      for (const socket of sockets) if (isUnused(socket)) socket.destroy()
    },
  }
}

/** Answers what node:http could not read as a request; for `clientError`. */
export function refuseConnection(error: ParserError, socket: Duplex, dialects: readonly Dialect[]): void {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && 'bytesRead' in socket && socket.bytesRead === 0) return keepUnused(socket as Socket)
  // The first line of what came; of a long head it has gone by, and nobody knows where it was for.
  const url = /^[A-Z]+ (\S+) HTTP\/1/.exec(error.rawPacket?.toString('latin1') ?? '')?.[1]
  const refusal = dialectAt(url, dialects).refusal(whatIsWrong(error))
  // What never became a request has statuses of its own, which no call answers with.
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : refusal.status
  rawRefusal(socket, { ...refusal, status })
}

/**
 * A client's pool opens connections ahead of need. One that was never used is no head that does not end: an answer that nobody asked for
 * would be taken for that of the first request on it. Node does not look at it again before something comes.
 */
function keepUnused(socket: Socket): void {
  const timer = setTimeout(() => {
    if (isUnused(socket)) socket.destroy()
  }, keptMs)
  timer.unref()
  socket.once('close', () => clearTimeout(timer))
}

/** Names of the parser's errors (llhttp), and what they mean to whoever sent it. */
function whatIsWrong({ code = '', rawPacket }: ParserError): BerthError {
  const bad = (message: string, next: string) => fail('BAD_INPUT', message, { next, details: { reason: 'not-http' } })
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return fail('TIMEOUT', 'The request did not come to its end', { next: 'Send it at once.' })
    case 'HPE_HEADER_OVERFLOW':
      return fail('TOO_LARGE', 'The headers are larger than 16 KiB', { next: 'Send fewer, or shorter ones; data belongs into the body.' })
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return fail('TOO_LARGE', 'The extensions of a chunk are too long', { next: 'Leave them out.' })
    case 'HPE_INVALID_URL':
      return bad('The address has a character that must be escaped', 'Percent-encode what is not plain ASCII: a `ü` in a path is `%C3%BC`, a space `%20`.')
    case 'HPE_INVALID_HEADER_TOKEN':
      return bad('A header has a character that none may have', 'Headers are one line each, without control characters.')
    case 'HPE_INVALID_CONTENT_LENGTH':
    case 'HPE_UNEXPECTED_CONTENT_LENGTH':
      return bad('The Content-Length is no number, is there twice, or stands beside a Transfer-Encoding', 'Send one length, or the body chunked.')
    case 'HPE_INVALID_TRANSFER_ENCODING':
      return bad('This Transfer-Encoding is not known here', 'Send the body chunked, or with its length.')
    case 'HPE_INVALID_CHUNK_SIZE':
    case 'HPE_STRICT':
      return bad('The chunks of the body are not as HTTP/1.1 has them', 'Send the body with its length.')
    case 'HPE_INVALID_EOF_STATE':
      return bad('The connection ended in the middle of a request', 'Send it whole.')
    default:
      // A TLS handshake begins with 22, HTTP/2 without an upgrade with its preface.
      if (rawPacket?.[0] === 0x16) return bad('This port speaks http, not https', 'Write http:// in the address.')
      if (rawPacket?.subarray(0, 3).toString('latin1') === 'PRI') return bad('This port speaks HTTP/1.1, not HTTP/2', 'Leave prior knowledge of HTTP/2 off.')
      return bad('This is not HTTP/1.1', 'Speak HTTP/1.1 with one Host header.')
  }
}

/** On every answer, whatever it is: nothing of it is for a browser to keep, frame or guess about. */
export function secure(response: ServerResponse): void {
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('cache-control', 'no-store')
  response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('referrer-policy', 'no-referrer')
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8')
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.byteLength })
  response.end(bytes)
}
