import type { ServerResponse } from 'node:http'
import { asBerthError, errorCodes, type BerthError, type ErrorCode } from '../../../shared/errors.ts'
import { sendJson } from '../respond.ts'
import type { BadBody } from './body.ts'

/** What is the client's to change has its own status; where trying again may help it is 503, and 500 otherwise. */
const statuses: Partial<Record<ErrorCode, number>> = {
  BAD_INPUT: 422, UNSUPPORTED_MEDIA_TYPE: 422, IDENTITY_CONFLICT: 409, NAME_TAKEN: 409, MOUNT_REFUSED: 400, MOUNT_MISSING: 400, NO_SUCH_CALL: 404,
  METHOD_NOT_ALLOWED: 405, TOO_LARGE: 413, FORBIDDEN: 403, BAD_HOST: 403, BAD_ORIGIN: 403, SHUTTING_DOWN: 503,
}

/**
 * An error in the words of deer-flow's provisioner: `{"detail": ...}`. A 404 says that a sandbox is dead, so only the
 * answers that mean just this are one. Without a right key it is the bare word, as there.
 */
export function sendRefusal(response: ServerResponse, thrown: unknown): void {
  const error = asBerthError(thrown)
  if (error.code === 'UNAUTHORIZED') {
    // Never Basic: a browser would ask for a password and then attach it by itself.
    response.writeHead(401, { 'content-type': 'text/plain; charset=utf-8', 'www-authenticate': 'Bearer realm="berth"' })
    response.end('Unauthorized')
    return
  }
  const status = statusOf(error)
  // A body that is no JSON object at all, as FastAPI says it.
  if (status === 422) sendBad(response, { status, problems: [{ type: 'json_invalid', loc: ['body', 0], msg: error.message, input: {} }] })
  else sendJson(response, status, { detail: `${error.message}. ${error.next}` })
}

export function sendBad(response: ServerResponse, bad: BadBody): void {
  sendJson(response, bad.status, { detail: bad.status === 422 ? bad.problems : bad.text })
}

export function sendNotFound(response: ServerResponse, id: string): void {
  sendJson(response, 404, { detail: `Sandbox '${id}' not found` })
}

function statusOf({ code }: BerthError): number {
  return statuses[code] ?? (errorCodes[code].retry || errorCodes[code].http === 503 ? 503 : 500)
}
