import type { ServerResponse } from 'node:http'
import { asBerthError, type BerthError, errorCodes, toErrorData } from '../../shared/errors.ts'

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

/** `{ "error": ErrorData }` with the code's status. */
export function sendError(response: ServerResponse, thrown: unknown): BerthError {
  const error = asBerthError(thrown)
  // Never Basic: a browser would ask for a password and then attach it by itself.
  if (error.code === 'UNAUTHORIZED') response.setHeader('www-authenticate', 'Bearer realm="berth"')
  sendJson(response, errorCodes[error.code].http, { error: toErrorData(error) })
  return error
}
