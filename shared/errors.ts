import { z } from 'zod'

/**
 * Every error that leaves Berth has one of these codes. `http` is the status on the bridge, `exit` the exit
 * code of the `berth` command (sysexits.h numbers, so that they seldom meet a command's own code), `retry`
 * says whether the same call may succeed later with nothing changed by the caller.
 */
export const errorCodes = {
  BAD_INPUT: { http: 400, exit: 64, retry: false },
  BAD_CONFIG: { http: 400, exit: 78, retry: false },
  UNAUTHORIZED: { http: 401, exit: 77, retry: false },
  FORBIDDEN: { http: 403, exit: 77, retry: false },
  BAD_HOST: { http: 403, exit: 77, retry: false },
  BAD_ORIGIN: { http: 403, exit: 77, retry: false },
  NO_SUCH_CALL: { http: 404, exit: 64, retry: false },
  METHOD_NOT_ALLOWED: { http: 405, exit: 64, retry: false },
  TOO_LARGE: { http: 413, exit: 64, retry: false },
  UNSUPPORTED_MEDIA_TYPE: { http: 415, exit: 64, retry: false },
  SANDBOX_NOT_FOUND: { http: 404, exit: 66, retry: false },
  THREAD_NOT_FOUND: { http: 404, exit: 66, retry: false },
  IDENTITY_CONFLICT: { http: 409, exit: 65, retry: false },
  NAME_TAKEN: { http: 409, exit: 73, retry: false },
  THREAD_IN_USE: { http: 409, exit: 75, retry: true },
  CAPACITY_REJECTED: { http: 429, exit: 75, retry: true },
  CAPACITY_TIMEOUT: { http: 503, exit: 75, retry: true },
  ENGINE_MISSING: { http: 503, exit: 69, retry: true },
  ENGINE_UNREACHABLE: { http: 503, exit: 69, retry: true },
  ENGINE_FAILED: { http: 502, exit: 70, retry: true },
  ENGINE_ELSEWHERE: { http: 503, exit: 69, retry: false },
  ISOLATION_MISSING: { http: 503, exit: 69, retry: false },
  IMAGE_MISSING: { http: 503, exit: 69, retry: false },
  IMAGE_PULL_FAILED: { http: 502, exit: 69, retry: true },
  IMAGE_BUILD_FAILED: { http: 502, exit: 69, retry: true },
  IMAGE_UNUSABLE: { http: 502, exit: 69, retry: false },
  START_FAILED: { http: 502, exit: 70, retry: true },
  NOT_READY: { http: 504, exit: 70, retry: true },
  PORT_TAKEN: { http: 409, exit: 73, retry: false },
  MOUNT_REFUSED: { http: 400, exit: 78, retry: false },
  MOUNT_MISSING: { http: 400, exit: 78, retry: false },
  DISK_FULL: { http: 507, exit: 74, retry: true },
  HOME_UNUSABLE: { http: 500, exit: 73, retry: false },
  HOME_IN_USE: { http: 409, exit: 75, retry: true },
  LOCK_TIMEOUT: { http: 503, exit: 75, retry: true },
  STARTING: { http: 503, exit: 75, retry: true },
  SHUTTING_DOWN: { http: 503, exit: 75, retry: false },
  CANCELLED: { http: 499, exit: 75, retry: true },
  SANDBOX_LOST: { http: 502, exit: 70, retry: true },
  SANDBOX_UNREACHABLE: { http: 502, exit: 70, retry: true },
  SANDBOX_FAILED: { http: 502, exit: 70, retry: false },
  SANDBOX_PAUSED: { http: 409, exit: 75, retry: true },
  BAD_ANSWER: { http: 502, exit: 70, retry: false },
  SANDBOX_REFUSED: { http: 502, exit: 70, retry: false },
  TIMEOUT: { http: 504, exit: 75, retry: true },
  FILE_NOT_FOUND: { http: 404, exit: 66, retry: false },
  FILE_DENIED: { http: 403, exit: 77, retry: false },
  FILE_FAILED: { http: 422, exit: 74, retry: false },
  NOT_SUPPORTED: { http: 400, exit: 69, retry: false },
  NOT_RUNNING: { http: 503, exit: 69, retry: true },
  CONTRACT_MISMATCH: { http: 409, exit: 76, retry: false },
  INTERNAL: { http: 500, exit: 70, retry: false },
} as const satisfies Record<string, { http: number; exit: number; retry: boolean }>

export type ErrorCode = keyof typeof errorCodes

/** An error as it crosses a boundary: no stack, no class, nothing that a clone or JSON would lose. */
export const errorData = z.object({
  code: z.string().describe('Stable; branch on this, not on the message.'),
  message: z.string().describe('One sentence for a person.'),
  next: z.string().describe('What to do about it.'),
  retry: z.boolean().describe('Whether the same call may succeed later.'),
  details: z.record(z.string(), z.unknown()).optional(),
  cause: z.string().optional().describe('What was underneath, as text.'),
})
export type ErrorData = z.infer<typeof errorData>

/** The one error class. Made by `fail`, so that none lacks a code or a next step. */
export class BerthError extends Error {
  readonly code: ErrorCode
  readonly next: string
  readonly details: Record<string, unknown> | undefined

  constructor(code: ErrorCode, message: string, next: string, details?: Record<string, unknown>, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'BerthError'
    this.code = code
    this.next = next
    this.details = details
  }
}

/** Makes an error: what happened, what to do next, and what was underneath. */
export function fail(code: ErrorCode, message: string, rest: { next: string; details?: Record<string, unknown> | undefined; cause?: unknown }): BerthError {
  return new BerthError(code, message, rest.next, rest.details, rest.cause)
}

/** Whatever was thrown, as a BerthError: one that is none becomes INTERNAL with itself as the cause. */
export function asBerthError(thrown: unknown): BerthError {
  if (thrown instanceof BerthError) return thrown
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return fail('INTERNAL', `Something went wrong inside Berth: ${text}`, {
    next: 'Look at the log of `berth serve`; `berth doctor` checks the usual causes.',
    cause: thrown,
  })
}

/** The form of an error that crosses IPC, WebSocket, HTTP and MCP. */
export function toErrorData(thrown: unknown): ErrorData {
  const error = asBerthError(thrown)
  return {
    code: error.code,
    message: error.message,
    next: error.next,
    retry: errorCodes[error.code].retry,
    ...(error.details ? { details: error.details } : {}),
    ...(error.cause === undefined ? {} : { cause: causeText(error.cause) }),
  }
}

/** The other way: an error that arrived over a boundary, thrown again on this side. */
export function fromErrorData(data: ErrorData): BerthError {
  const known = Object.hasOwn(errorCodes, data.code) ? (data.code as ErrorCode) : 'INTERNAL'
  return new BerthError(known, data.message, data.next, data.details, data.cause)
}

function causeText(cause: unknown): string {
  const parts: string[] = []
  for (let at = cause; at !== undefined && parts.length < 5; at = at instanceof Error ? at.cause : undefined) {
    parts.push(at instanceof Error ? at.message : String(at))
  }
  return parts.join(': ')
}
