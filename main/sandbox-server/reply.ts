export interface JsonReply { readonly status: number; readonly body: unknown }

/** What a handler gives back: a status and a JSON body, or `sent` when it has written the answer itself. */
export type Reply = JsonReply | 'sent'

export interface Envelope {
  readonly success: boolean
  readonly message: string
  readonly data: unknown
  readonly hint: string | null
}

export function envelope(data: unknown, message = 'Operation successful'): Envelope {
  return { success: true, message, data, hint: null }
}

export function ok(data: unknown, message?: string): JsonReply {
  return { status: 200, body: envelope(data, message) }
}

export function failure(status: number, message: string, hint: string | null = null, data: unknown = null): JsonReply {
  return { status, body: { success: false, message, data, hint } satisfies Envelope }
}

/** 404, not 501: the JavaScript SDK sends every request with a status of 500 or more three times. */
export function notAvailable(): JsonReply {
  return failure(404, 'Not available in this sandbox image')
}

/** A request that is refused with a status; anything else thrown by a handler is a fault of the server. */
export class RequestError extends Error {
  readonly status: number
  readonly hint: string | null
  constructor(status: number, message: string, hint: string | null = null, cause?: unknown) {
    super(message, { cause })
    this.name = 'RequestError'
    this.status = status
    this.hint = hint
  }
  reply(): JsonReply {
    return failure(this.status, this.message, this.hint)
  }
}

export interface Problem {
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly type: string
}

/** A 422 in FastAPI's form: a list of what is wrong where. Plain text in `detail` breaks the Python SDK. */
export class InvalidRequest extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super('invalid request')
    this.name = 'InvalidRequest'
    this.problems = problems
  }
  reply(): JsonReply {
    return { status: 422, body: { detail: this.problems } }
  }
}

export function sessionNotFound(): RequestError {
  return new RequestError(404, 'Session not found')
}
