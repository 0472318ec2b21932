import { z } from 'zod'
import { fail, type BerthError, type ErrorCode } from '../../shared/errors.ts'
import type { HttpAnswer } from './http.ts'

const envelope = z.object({ success: z.boolean().nullish(), message: z.string().nullish(), data: z.unknown().optional(), hint: z.string().nullish() })
const detail = z.object({ detail: z.unknown().optional() })
const fileError = z.object({ error_type: z.string(), path: z.string().nullish(), message: z.string().nullish() })

const fileCodes: Record<string, ErrorCode> = {
  not_found: 'FILE_NOT_FOUND',
  permission_denied: 'FILE_DENIED',
  read_only_filesystem: 'FILE_DENIED',
  no_space_left: 'DISK_FULL',
}

const steps: Partial<Record<ErrorCode, string>> = {
  FILE_NOT_FOUND: 'List the directory to see what is there.',
  FILE_DENIED: 'Use a path below /mnt/user-data, which the sandbox may write.',
  DISK_FULL: 'Delete files in the sandbox, or free space on the host.',
  FILE_FAILED: 'Correct the path or the content; a command in the sandbox can tell more.',
}

/**
 * The `data` of an answer, checked: an HTTP error, `success: false` (which upstream's clients never look at) and a shape that
 * does not fit are errors with codes. `what` names the call in them.
 */
export function dataOf<T>(answer: HttpAnswer, what: string, data: z.ZodType<T>): T {
  if (answer.status === 401) throw refused()
  const body = jsonOf(answer)
  if (answer.status !== 200) throw httpError(answer.status, what, body)
  const read = envelope.safeParse(body)
  if (!read.success) throw notUnderstood(what, 'no answer of a sandbox')
  if (read.data.success === false) throw failed(what, read.data.message ?? '', read.data.data)
  const fits = data.safeParse(read.data.data)
  if (!fits.success) throw notUnderstood(what, `${fits.error.issues[0]?.path.join('.') ?? ''}: ${fits.error.issues[0]?.message ?? ''}`)
  return fits.data
}

/** undefined where it is no JSON. */
export function jsonOf(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.bytes.toString('utf8'))
  } catch {
    // Told of by whoever needed it: a web server's own error page is no JSON, and its status says it all.
    return undefined
  }
}

export function refused(): BerthError {
  return fail('SANDBOX_REFUSED', 'What answers at the sandbox\'s address does not take its key: it is another sandbox', {
    next: 'Acquire again: Berth looks up where the sandbox is now.',
  })
}

function failed(what: string, message: string, data: unknown): BerthError {
  const file = fileError.safeParse(data)
  if (!file.success) {
    return fail(what.startsWith('file') ? 'FILE_FAILED' : 'BAD_INPUT', message || `The sandbox refused ${what}`, {
      next: 'Correct what was asked for.',
    })
  }
  const code = fileCodes[file.data.error_type] ?? 'FILE_FAILED'
  return fail(code, file.data.message || message || `${what} failed`, {
    next: steps[code] ?? '',
    details: { path: file.data.path ?? null, error_type: file.data.error_type },
  })
}

function httpError(status: number, what: string, body: unknown): BerthError {
  const message = messageOf(body)
  const details = { status }
  if (status === 404 && !isMissingSession(message)) {
    return fail('NOT_SUPPORTED', `The sandbox's image is too old for ${what}`, {
      next: 'Use a newer image (an AIO image from 1.9.3 on, or berth-lite).', details,
    })
  }
  if (status === 404) {
    return fail('SANDBOX_LOST', 'The sandbox no longer knows the session that the command ran in', { next: 'Run the command again.', details })
  }
  if (status === 400 && /session limit/i.test(message)) {
    return fail('CAPACITY_REJECTED', message, { next: 'Wait until one of the commands that run there has ended.', details })
  }
  if (status === 413) return fail('TOO_LARGE', message || 'That is more than the sandbox takes at once', { next: 'Write it in parts, with `append`.', details })
  if (status === 501) return fail('NOT_SUPPORTED', message || `The sandbox cannot do ${what}`, { next: 'Use an image that can: berth-lite, or one made FROM it.', details })
  if (status < 500) return fail('BAD_INPUT', `The sandbox refused ${what}: ${message || `status ${status}`}`, { next: hintOf(body) ?? 'Correct what was asked for.', details })
  if (!away.has(status)) return fail('SANDBOX_FAILED', `The sandbox's server failed at ${what} (${status})${message ? `: ${message}` : ''}`, {
    next: 'The same call fails again: ask for something else, or destroy the sandbox; `berth logs` shows what it says.', details,
  })
  return fail('SANDBOX_UNREACHABLE', `The sandbox answered ${what} with ${status}${message ? `: ${message}` : ''}`, {
    next: hintOf(body) ?? 'Call again in a moment; `berth logs` shows what the sandbox says.', details,
  })
}

/** Said by what stands before a server that is not there just now, or by one that has no room just now. */
const away = new Set([502, 503, 504])

function isMissingSession(message: string): boolean {
  return /session not found|command not found/i.test(message)
}

/** What the sandbox itself says is to be done, as a sentence. */
function hintOf(body: unknown): string | null {
  const said = envelope.safeParse(body)
  const hint = said.success ? (said.data.hint ?? '') : ''
  return hint === '' ? null : `${hint.replace(/\.$/, '')}.`
}

function messageOf(body: unknown): string {
  const said = envelope.safeParse(body)
  if (said.success && said.data.message) return said.data.message
  const other = detail.safeParse(body)
  if (!other.success || other.data.detail === undefined) return ''
  return typeof other.data.detail === 'string' ? other.data.detail : JSON.stringify(other.data.detail).slice(0, 500)
}

function notUnderstood(what: string, why: string): BerthError {
  return fail('SANDBOX_FAILED', `The answer to ${what} was not understood (${why})`, {
    next: 'Check that the image is an AIO or lite sandbox image.',
  })
}
