import { Pool, type Dispatcher } from 'undici'
import { BerthError, fail } from '../../shared/errors.ts'
import type { Clock } from '../clock.ts'
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
  /** `control` calls never wait behind commands that occupy every connection. */
  readonly lane?: 'work' | 'control' | undefined
  /** Bytes of an answer above which it is refused: whoever answers may be a program of the agent's. */
  readonly limit?: number | undefined
}

export interface HttpAnswer { readonly status: number; readonly bytes: Buffer }

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
      connections, pipelining: 1, keepAliveTimeout: keptMs, keepAliveMaxTimeout: keptMs, connect: { timeout: 5_000 },
      // Commands may be silent for hours; each call brings its own deadline.
      headersTimeout: 0, bodyTimeout: 0,
    })
  const lanes = { work: pool(workConnections), control: pool(controlConnections) }

  async function once(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
    const options: Dispatcher.RequestOptions = {
      method: call.method, path: prefix + call.path, signal,
      headers: call.body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body: call.body === undefined ? null : JSON.stringify(call.body),
    }
    const { statusCode, body } = await lanes[call.lane ?? 'work'].request(options)
    const limit = call.limit ?? answerLimit
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of body) {
      const bytes = chunk as Buffer
      size += bytes.length
      // Leaving the loop closes the connection.
      if (size > limit) throw tooLarge(limit)
      chunks.push(bytes)
    }
    return { status: statusCode, bytes: Buffer.concat(chunks, size) }
  }

  return {
    async send(call) {
      const stop = new AbortController()
      const abort = () => stop.abort(reasonOf(call.signal))
      if (call.signal?.aborted) throw reasonOf(call.signal)
      call.signal?.addEventListener('abort', abort, { once: true })
      const { timeoutMs } = call
      const deadline = timeoutMs === null ? null : clock.timer(timeoutMs, () => stop.abort(tooLate(call, timeoutMs)))
      try {
        return await once(call, stop.signal).catch((error: unknown) => {
          if (stop.signal.aborted || !mayRepeat(call, error)) throw error
          return once(call, stop.signal)
        })
      } catch (error) {
        if (stop.signal.aborted) throw stop.signal.reason
        throw unreachable(error)
      } finally {
        deadline?.cancel()
        call.signal?.removeEventListener('abort', abort)
      }
    },
    async close() {
      // Whoever still waits is told; a graceful close would wait for commands that run for hours.
      await Promise.all([lanes.work.destroy(), lanes.control.destroy()])
    },
  }
}

/** What the caller's own signal says; a plain abort is a CANCELLED. */
export function reasonOf(signal: AbortSignal | undefined): BerthError {
  const reason: unknown = signal?.reason
  if (reason instanceof BerthError) return reason
  return fail('CANCELLED', 'The call was given up by its caller', { next: 'Call again.', cause: reason })
}

/**
 * A kept connection may be closed by the other side just as it is used again. What never left this machine may be sent
 * once more; what did leave only if it changes nothing, as a command must not run twice.
 */
function mayRepeat(call: HttpCall, error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  if (error.code !== 'UND_ERR_SOCKET' && error.code !== 'ECONNRESET' && error.code !== 'EPIPE') return false
  if (call.safe) return true
  return 'socket' in error && typeof error.socket === 'object' && error.socket !== null && 'bytesWritten' in error.socket && error.socket.bytesWritten === 0
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

function tooLarge(limit: number): BerthError {
  return fail('TOO_LARGE', `The sandbox answered with more than ${Math.floor(limit / 1024 / 1024)} MiB`, {
    next: 'Read it in parts with a command (`head -c`, `tail -c`).',
  })
}
