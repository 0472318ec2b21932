import type { Duplex } from 'node:stream'
import { STATUS_CODES, type OutgoingHttpHeaders } from 'node:http'
import { asBerthError, errorCodes, toErrorData } from '../../../shared/errors.ts'

/** A head on a connection that is no longer node:http's. */
export function rawHead(status: number, headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((one) => `${name}: ${String(one)}\r\n`),
  )
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${lines.join('')}\r\n`
}

/** `{ "error": ErrorData }` to a request for an upgrade, and the end of its connection. */
export function rawError(socket: Duplex, thrown: unknown): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const error = asBerthError(thrown)
  const body = JSON.stringify({ error: toErrorData(error) })
  const head = rawHead(errorCodes[error.code].http, {
    'connection': 'close', 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', 'content-length': Buffer.byteLength(body),
  })
  socket.end(head + body, () => socket.destroy())
}
