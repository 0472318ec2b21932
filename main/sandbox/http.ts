import { type Dispatcher, Pool } from 'undici'
import { z } from 'zod'
import { abortError, onAbort } from '../../shared/abort.ts'
import { BerthError, type ErrorCode, fail } from '../../shared/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Address } from './sandbox-api.ts'

export interface HttpCall {
  readonly method: 'GET' | 'POST'
  /** Below the address, query included. */
  readonly path: string
  readonly body?: unknown
  /** null: as long as it takes. */
  readonly timeoutMs: number | null
  readonly signal?: AbortSignal | undefined
  /** Changes nothing in the sandbox, so that it may be sent again when a kept connection turns out to be dead. */
  readonly safe: boolean
  /** Somebody only looks: the lite server does not take it for activity. Others have no such distinction. */
  readonly look?: boolean | undefined
  /** `control` calls never wait behind commands that occupy every connection. */
  readonly lane?: 'work' | 'control' | undefined
  /** Bytes of an answer above which it is refused: whoever answers may be a program of the agent's. */
  readonly limit?: number | undefined
  /**
   * The body of a 200 goes here as it comes, of any length, and is not kept; awaited, so a slow reader slows the sender. The
   * deadline is then one for silence.
   */
  readonly onData?: ((chunk: Buffer) => void | Promise<void>) | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly bytes: Buffer
}

/** HTTP to one sandbox, over kept connections of its own, never by a proxy. */
export interface SandboxHttp {
  /** Any status. Throws SANDBOX_UNREACHABLE, TIMEOUT, TOO_LARGE, or the reason of the signal. */
  send(call: HttpCall): Promise<HttpAnswer>
  close(): Promise<void>
}

/** Long commands each occupy one; far above what a sandbox allows to run at once. */
const workConnections = 64
const controlConnections = 4
/** Well below the 75 s after which servers close: no request meets a connection that is just being closed. */
const keptMs = 30_000
const answerLimit = 64 * 1024 * 1024

export function sandboxHttp(address: Address, clock: Clock): SandboxHttp {
  const base = new URL(address.url)
  const prefix = base.pathname.replace(/\/+$/, '')
  const headers: Record<string, string> = { accept: 'application/json, */*' }
  if (address.key !== null) headers['x-aio-api-key'] = address.key
  if (base.username || base.password) {
    const pair = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`
    headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
  }
  const pool = (connections: number) =>
    new Pool(base.origin, {
      connections,
      pipelining: 1,
      keepAliveTimeout: keptMs,
      keepAliveMaxTimeout: keptMs,
      connect: { timeout: 5_000 },
      // Commands may be silent for hours; each call brings its own deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  const lanes = { work: pool(workConnections), control: pool(controlConnections) }

  async function once(call: HttpCall, signal: AbortSignal, heard: () => void): Promise<HttpAnswer> {
    const options: Dispatcher.RequestOptions = {
      method: call.method,
      path: prefix + call.path,
      signal,
      headers: {
        ...headers,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(call.look === true ? { 'x-berth-look': '1' } : {}),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
    }
    const { statusCode, headers: answered, body } = await lanes[call.lane ?? 'work'].request(options)
    const onData = statusCode === 200 ? call.onData : undefined
    const limit = onData ? Infinity : (call.limit ?? answerLimit)
    const promised = Number(answered['content-length'] ?? 0)
    if (promised > limit) {
      // What is not wanted is not fetched: the connection goes with it.
      body.on('error', () => undefined).destroy()
      throw tooLarge(limit, promised)
    }
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of body) {
        const bytes = chunk as Buffer
        if (onData) {
          heard()
          await onData(bytes)
          continue
        }
        size += bytes.length
        // Leaving the loop closes the connection.
        if (size > limit) throw tooLarge(limit, null)
        chunks.push(bytes)
      }
    } catch (error) {
      if (error instanceof Error && connectionBroke(error)) brokenOff.add(error)
      throw error
    }
    return { status: statusCode, bytes: Buffer.concat(chunks, size) }
  }

  return {
    async send(call) {
      if (call.signal?.aborted) throw abortError(call.signal)
      const stop = new AbortController()
      const unlisten = onAbort(call.signal, (signal) => stop.abort(abortError(signal)))
      const { timeoutMs } = call
      const begin = () => (timeoutMs === null ? null : clock.timer(timeoutMs, () => stop.abort(tooLate(call, timeoutMs))))
      let deadline = begin()
      let passedOn = false
      const heard = () => {
        passedOn = true
        deadline?.cancel()
        deadline = begin()
      }
      try {
        return await once(call, stop.signal, heard).catch((error: unknown) => {
          // What somebody has begun to read is not begun again.
          if (stop.signal.aborted || passedOn || !mayRepeat(call, error)) throw error
          return once(call, stop.signal, heard)
        })
      } catch (error) {
        if (stop.signal.aborted) throw stop.signal.reason
        throw unreachable(error)
      } finally {
        deadline?.cancel()
        unlisten()
      }
    },
    async close() {
      // Whoever still waits is told; a graceful close would wait for commands that run for hours.
      await Promise.all([lanes.work.destroy(), lanes.control.destroy()])
    },
  }
}

/**
 * A kept connection may be closed by the other side just as it is used again. What never left this machine may be sent
 * once more; what did leave only if it changes nothing, as a command must not run twice.
 */
function mayRepeat(call: HttpCall, error: unknown): boolean {
  if (!(error instanceof Error) || !connectionBroke(error)) return false
  if (call.safe) return true
  return 'socket' in error && typeof error.socket === 'object' && error.socket !== null && 'bytesWritten' in error.socket && error.socket.bytesWritten === 0
}

function connectionBroke(error: Error): boolean {
  return 'code' in error && (error.code === 'UND_ERR_SOCKET' || error.code === 'ECONNRESET' || error.code === 'EPIPE')
}

/** Connections that broke within an answer that had begun. */
const brokenOff = new WeakSet<object>()

/** Whether the sandbox had begun to answer when the connection broke: whoever sends fewer bytes than it promised ends so. */
export function answerBrokeOff(error: unknown): boolean {
  return error instanceof BerthError && error.cause instanceof Error && brokenOff.has(error.cause)
}

function unreachable(error: unknown): BerthError {
  if (error instanceof BerthError) return error
  const text = error instanceof Error ? error.message : String(error)
  return fail('SANDBOX_UNREACHABLE', `The sandbox does not answer: ${text || 'the connection failed'}`, {
    next: 'Acquire again: a sandbox that ended is replaced.',
    cause: error,
  })
}

function tooLate(call: HttpCall, ms: number): BerthError {
  return fail('TIMEOUT', `The sandbox did not answer ${call.path.split('?')[0]} within ${Math.round(ms / 100) / 10} s`, {
    next: 'Call again; `berth logs` shows what the sandbox says.',
  })
}

function tooLarge(limit: number, size: number | null): BerthError {
  return fail('TOO_LARGE', `The sandbox answered with more than ${Math.floor(limit / 1024 / 1024)} MiB`, {
    next: 'Read it in parts with a command (`head -c`, `tail -c`).',
    details: { limit, ...(size === null ? {} : { size }) },
  })
}

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
  return fail('SANDBOX_REFUSED', "What answers at the sandbox's address does not take its key: it is another sandbox", {
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
      next: 'Use a newer image (an AIO image from 1.9.3 on, or berth-lite).',
      details,
    })
  }
  if (status === 404) {
    return fail('SANDBOX_LOST', 'The sandbox no longer knows the session that the command ran in', { next: 'Run the command again.', details })
  }
  if (status === 400 && /session limit/i.test(message)) {
    return fail('CAPACITY_REJECTED', message, { next: 'Wait until one of the commands that run there has ended.', details })
  }
  if (status === 413) return fail('TOO_LARGE', message || 'That is more than the sandbox takes at once', { next: 'Write it in parts, with `append`.', details })
  if (status === 501)
    return fail('NOT_SUPPORTED', message || `The sandbox cannot do ${what}`, { next: 'Use an image that can: berth-lite, or one made FROM it.', details })
  if (status < 500)
    return fail('BAD_INPUT', `The sandbox refused ${what}: ${message || `status ${status}`}`, { next: hintOf(body) ?? 'Correct what was asked for.', details })
  if (!away.has(status))
    return fail('SANDBOX_FAILED', `The sandbox's server failed at ${what} (${status})${message ? `: ${message}` : ''}`, {
      next: 'The same call fails again: ask for something else, or destroy the sandbox; `berth logs` shows what it says.',
      details,
    })
  return fail('SANDBOX_UNREACHABLE', `The sandbox answered ${what} with ${status}${message ? `: ${message}` : ''}`, {
    next: hintOf(body) ?? 'Call again in a moment; `berth logs` shows what the sandbox says.',
    details,
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
