/** FileOperationError's `error_type`. */
export type FileErrorType =
  | 'not_found'
  | 'permission_denied'
  | 'invalid_target'
  | 'already_exists'
  | 'invalid_path'
  | 'read_only_filesystem'
  | 'no_space_left'
  | 'decode_error'
  | 'io_error'

interface Known {
  readonly type: FileErrorType
  readonly errno: number
  readonly text: string
  readonly exception: string
}

/** Linux's numbers and the words and exceptions that Python has for them, which is what clients were written against. */
const known: Readonly<Record<string, Known>> = {
  EPERM: { type: 'permission_denied', errno: 1, text: 'Operation not permitted', exception: 'PermissionError' },
  ENOENT: { type: 'not_found', errno: 2, text: 'No such file or directory', exception: 'FileNotFoundError' },
  EIO: { type: 'io_error', errno: 5, text: 'Input/output error', exception: 'OSError' },
  EAGAIN: { type: 'io_error', errno: 11, text: 'Resource temporarily unavailable', exception: 'BlockingIOError' },
  EACCES: { type: 'permission_denied', errno: 13, text: 'Permission denied', exception: 'PermissionError' },
  EBUSY: { type: 'io_error', errno: 16, text: 'Device or resource busy', exception: 'OSError' },
  EEXIST: { type: 'already_exists', errno: 17, text: 'File exists', exception: 'FileExistsError' },
  ENOTDIR: { type: 'invalid_target', errno: 20, text: 'Not a directory', exception: 'NotADirectoryError' },
  EISDIR: { type: 'invalid_target', errno: 21, text: 'Is a directory', exception: 'IsADirectoryError' },
  EINVAL: { type: 'invalid_path', errno: 22, text: 'Invalid argument', exception: 'OSError' },
  EFBIG: { type: 'io_error', errno: 27, text: 'File too large', exception: 'OSError' },
  ENOSPC: { type: 'no_space_left', errno: 28, text: 'No space left on device', exception: 'OSError' },
  EROFS: { type: 'read_only_filesystem', errno: 30, text: 'Read-only file system', exception: 'OSError' },
  ENAMETOOLONG: { type: 'invalid_path', errno: 36, text: 'File name too long', exception: 'OSError' },
  ELOOP: { type: 'invalid_path', errno: 40, text: 'Too many levels of symbolic links', exception: 'OSError' },
  ETIMEDOUT: { type: 'io_error', errno: 110, text: 'Connection timed out', exception: 'TimeoutError' },
  EDQUOT: { type: 'no_space_left', errno: 122, text: 'Disk quota exceeded', exception: 'OSError' },
}

const retryable = new Set(['EBUSY', 'EIO'])

/** A failure of a file operation that no system call reports: a wrong encoding, a text that is not there. */
export class FileError extends Error {
  readonly type: FileErrorType
  readonly code: string | null
  readonly exception: string | null
  constructor(type: FileErrorType, message: string, options: { code?: string; exception?: string } = {}) {
    super(message)
    this.name = 'FileError'
    this.type = type
    this.code = options.code ?? null
    this.exception = options.exception ?? null
  }
}

/** An errno as if a system call had failed with it. */
export function sysError(code: string): FileError {
  const found = known[code]
  return new FileError(found?.type ?? 'io_error', found?.text ?? code, { code })
}

/** Status 200 with `success: false` and FileOperationError as data; anything that is no file failure is thrown on. */
export function fileFailure(error: unknown, operation: string, path: string): Reply {
  const code = errorCode(error)
  if (!(error instanceof FileError) && code === null) throw error
  const facts = code === null ? undefined : known[code]
  const reason = facts ? `[Errno ${facts.errno}] ${facts.text}: '${path}'` : error instanceof Error ? error.message : String(error)
  const message = `Failed to ${operation} ${operation === 'list' ? 'path' : 'file'}: ${reason}`
  return failure(200, message, null, {
    path,
    operation,
    message,
    error_type: facts?.type ?? (error instanceof FileError ? error.type : 'io_error'),
    retryable: code !== null && retryable.has(code),
    errno: facts?.errno ?? null,
    errno_name: code,
    exception_type: facts?.exception ?? (error instanceof FileError ? error.exception : null) ?? 'OSError',
  })
}

export function errorCode(error: unknown): string | null {
  if (error instanceof FileError) return error.code
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  // Node's own complaints about a path (ERR_INVALID_ARG_VALUE: it holds a NUL) are what Python calls an invalid path.
  return error.code.startsWith('ERR_') ? 'EINVAL' : error.code
}

/** Runs a file operation; its failure becomes the answer. */
export async function fileOperation(operation: string, path: string, run: () => Promise<Reply>): Promise<Reply> {
  try {
    return await run()
  } catch (error) {
    return fileFailure(error, operation, path)
  }
}

export interface JsonReply {
  readonly status: number
  readonly body: unknown
}

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
