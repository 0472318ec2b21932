import type { ServerResponse } from 'node:http'
import { errorCodes, type BerthError, type ErrorCode } from '../../../shared/errors.ts'
import { jsonRefusal, type Refusal } from '../dialect.ts'
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
export function refusalOf(error: BerthError): Refusal {
  if (error.code === 'UNAUTHORIZED') return { status: 401, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'Unauthorized' }
  const status = statusOf(error)
  // A body that is no JSON object at all, as FastAPI says it.
  if (status === 422) return jsonRefusal(422, { detail: [{ type: 'json_invalid', loc: ['body', 0], msg: error.message, input: {} }] })
  return jsonRefusal(status, { detail: `${error.message}. ${error.next}` })
}

export function sendBad(response: ServerResponse, bad: BadBody): void {
  sendJson(response, bad.status, { detail: bad.status === 422 ? bad.problems : bad.text })
}

export function sendNotFound(response: ServerResponse, id: string): void {
  sendJson(response, 404, { detail: `Sandbox '${id}' not found` })
}

function statusOf({ code, details }: BerthError): number {
  // FastAPI, too, says 400 to JSON that nests too deep for it, and its server to what is no HTTP.
  if (details?.['reason'] === 'too-deep' || details?.['reason'] === 'not-http') return 400
  return statuses[code] ?? (errorCodes[code].retry ? 503 : 500)
}
