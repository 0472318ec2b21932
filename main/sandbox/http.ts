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

  async function once(call: HttpCall, signal: AbortSignal, heard: () => void): Promise<HttpAnswer> {
    const options: Dispatcher.RequestOptions = {
      method: call.method, path: prefix + call.path, signal,
      headers: { ...headers, ...(call.body === undefined ? {} : { 'content-type': 'application/json' }), ...(call.look === true ? { 'x-berth-look': '1' } : {}) },
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
      const stop = new AbortController()
      const abort = () => stop.abort(reasonOf(call.signal))
      if (call.signal?.aborted) throw reasonOf(call.signal)
      call.signal?.addEventListener('abort', abort, { once: true })
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
