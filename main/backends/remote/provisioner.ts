import { Agent, request } from 'undici'
import { z } from 'zod'
import type { Clock } from '../../base/clock.ts'
import { onAbort } from '../../../shared/abort.ts'
import { fail, type BerthError, type ErrorCode } from '../../../shared/errors.ts'
import type { Mount } from '../backend.ts'
import { keyRefused, nonsense, refused, silent, tooSlow, troubled } from './errors.ts'
import { readList, readRow, type Row } from './wire.ts'

export interface NewSandbox {
  readonly id: string
  /** null: anonymous. */
  readonly thread: string | null
  readonly user: string
  /** Paths of the far machine. */
  readonly mounts: readonly Mount[]
}

/** The five routes of deer-flow's provisioner, as its clients call them. What fails is a BerthError and means unknown. */
export interface Provisioner {
  /** Its address, without what is secret in it. */
  readonly where: string
  /** `/health` is open: no key is sent. `nonce`: another Berth proves with it who it is. */
  health(timeoutMs: number, nonce?: string): Promise<{ version: string | null; proof: string | null }>
  list(timeoutMs: number): Promise<Map<string, Row>>
  /** null: it said that there is none. */
  get(id: string, timeoutMs: number): Promise<Row | null>
  create(sandbox: NewSandbox, signal: AbortSignal): Promise<Row>
  /** Taken is not yet gone. None there is fine. `busy=true` tells another Berth that a command running in it does not matter. */
  remove(id: string): Promise<void>
  close(): Promise<void>
}

/** What deer-flow's own client waits for each. */
const createMs = 30_000
const removeMs = 15_000
/** A list of thousands is far below; who knows what answers there. */
const largest = 4 * 1024 * 1024

interface Call {
  readonly doing: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly timeoutMs: number
  readonly body?: unknown
  readonly open?: boolean
  readonly signal?: AbortSignal
}

interface Answer {
  readonly status: number
  readonly json: unknown
}

export function openProvisioner(at: { url: URL; apiKey: string | null; clock: Clock }): Provisioner {
  const { clock } = at
  const where = at.url.origin + at.url.pathname.replace(/\/+$/, '')
  const keys = credentials(at.url, at.apiKey)
  // Every call a connection of its own, as deer-flow's client does: none meets one that is just being closed.
  const agent = new Agent({ pipelining: 0, connect: { timeout: 5_000 }, headersTimeout: 0, bodyTimeout: 0 })

  async function once(call: Call, signal: AbortSignal): Promise<Answer> {
    const { statusCode, body } = await request(where + call.path, {
      dispatcher: agent,
      method: call.method,
      signal,
      headers: {
        accept: 'application/json',
        ...(call.open ? {} : keys),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
    })
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of body) {
      const bytes = chunk as Buffer
      size += bytes.length
      // Leaving the loop closes the connection.
      if (size > largest) return { status: statusCode, json: undefined }
      chunks.push(bytes)
    }
    return { status: statusCode, json: parsed(Buffer.concat(chunks, size).toString('utf8')) }
  }

  async function send(call: Call): Promise<Answer> {
    const stop = new AbortController()
    const unlisten = onAbort(call.signal, () => stop.abort())
    const deadline = clock.timer(call.timeoutMs, () => stop.abort(tooSlow(where, call.doing, call.timeoutMs)))
    try {
      const answer = await once(call, stop.signal)
      if (answer.status === 401 || (answer.status === 403 && call.method !== 'POST')) throw keyRefused(where, answer.status)
      return answer
    } catch (error) {
      if (stop.signal.aborted && !call.signal?.aborted) throw stop.signal.reason
      throw isOurs(error) ? error : silent(where, call.doing, error)
    } finally {
      deadline.cancel()
      unlisten()
    }
  }

  const path = (id: string) => `/api/sandboxes/${encodeURIComponent(id)}`
  const post = (sandbox: NewSandbox, thread: string | null, signal: AbortSignal) =>
    send({
      doing: 'make a sandbox',
      method: 'POST',
      path: '/api/sandboxes',
      timeoutMs: createMs,
      signal,
      body: {
        sandbox_id: sandbox.id,
        thread_id: thread,
        user_id: sandbox.user,
        // Absent where there are none: one that knows no such field must not meet it for nothing.
        ...(sandbox.mounts.length === 0 ? {} : { extra_mounts: sandbox.mounts.map(asExtraMount) }),
      },
    })

  return {
    where,
    async health(timeoutMs, nonce) {
      const query = nonce === undefined ? '' : `?nonce=${nonce}`
      const { status, json } = await send({ doing: 'say whether it is well', method: 'GET', path: `/health${query}`, timeoutMs, open: true })
      const read = health.safeParse(json)
      if (status !== 200 || !read.success) throw nonsense(where, 'say whether it is well', status)
      return { version: read.data.version ?? null, proof: read.data.proof ?? null }
    },
    async list(timeoutMs) {
      const doing = 'list its sandboxes'
      const { status, json } = await send({ doing, method: 'GET', path: '/api/sandboxes', timeoutMs })
      const rows = ok(status) ? readList(json) : null
      if (rows === null) throw ok(status) || status === 404 ? nonsense(where, doing, status) : troubled(where, doing, status, saidBy(json))
      return rows
    },
    async get(id, timeoutMs) {
      const doing = 'look at a sandbox'
      const { status, json } = await send({ doing, method: 'GET', path: path(id), timeoutMs })
      if (saysGone(status, json)) return null
      if (!ok(status)) throw status === 404 ? nonsense(where, doing, status) : troubled(where, doing, status, saidBy(json))
      const row = readRow(json)
      if (row === 'gone') return null
      if (row === null || row.id !== id) throw nonsense(where, doing, status)
      return row
    },
    async create(sandbox, signal) {
      let answer = await post(sandbox, sandbox.thread, signal)
      // deer-flow's oldest provisioner wants a thread; its newer one takes the sandbox's id for it, if there is none.
      if (answer.status === 422 && sandbox.thread === null) answer = await post(sandbox, sandbox.id, signal)
      const { status, json } = answer
      if (!ok(status)) throw notMade(where, status, json)
      const row = readRow(json)
      if (row === null || row === 'gone' || row.id !== sandbox.id) throw nonsense(where, 'make a sandbox', status)
      return row
    },
    async remove(id) {
      const doing = 'delete a sandbox'
      const { status, json } = await send({ doing, method: 'DELETE', path: `${path(id)}?busy=true`, timeoutMs: removeMs })
      if (ok(status) || saysGone(status, json)) return
      throw status === 404 ? nonsense(where, doing, status) : troubled(where, doing, status, saidBy(json))
    },
    close: () => agent.destroy(),
  }
}

const health = z.object({ status: z.literal('ok'), version: z.string().optional(), proof: z.string().optional() })
const ok = (status: number) => status >= 200 && status < 300

/**
 * Both ways to bring a key, as deer-flow's clients do: `X-API-Key` from the setting or else the URL's password, and
 * `Basic` where the URL has a user or password, which may be meant for a proxy in front.
 */
function credentials(url: URL, apiKey: string | null): Record<string, string> {
  const [user, password] = [decoded(url.username), decoded(url.password)]
  const key = apiKey ?? (password === '' ? null : password)
  return {
    ...(key === null ? {} : { 'x-api-key': key }),
    ...(user + password === '' ? {} : { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }),
  }
}

/** A stray `%` stands for itself. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const asExtraMount = ({ source, target, readonly }: Mount) => ({ host_path: source, container_path: target, read_only: readonly })

/** undefined: it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller says what such an answer means.
    return undefined
  }
}

/** FastAPI's form, and Berth's own. */
const spoken = z.object({
  detail: z.string().optional(),
  error: z.object({ code: z.string().optional(), message: z.string().optional() }).optional(),
})

function saidBy(json: unknown): string | null {
  const read = spoken.safeParse(json)
  return read.success ? (read.data.error?.message ?? read.data.detail ?? null) : null
}

/**
 * Only a 404 in the dialect's own words says that a sandbox is gone: a proxy whose backend is away answers 404 too, and so
 * does a program that has no such route.
 */
function saysGone(status: number, json: unknown): boolean {
  if (status !== 404) return false
  const read = spoken.safeParse(json)
  if (!read.success) return false
  const { detail, error } = read.data
  return error === undefined ? detail !== undefined && detail !== 'Not Found' : error.code === 'SANDBOX_NOT_FOUND'
}

const capacityCodes: readonly string[] = ['CAPACITY_REJECTED', 'CAPACITY_TIMEOUT'] satisfies ErrorCode[]

function notMade(where: string, status: number, json: unknown): BerthError {
  const read = spoken.safeParse(json)
  const code = read.success ? read.data.error?.code : undefined
  const said = saidBy(json)
  if (status === 429 || (code !== undefined && capacityCodes.includes(code))) {
    return fail(code === 'CAPACITY_TIMEOUT' ? code : 'CAPACITY_REJECTED', `The provisioner at ${where} has no place: ${said ?? `it answered ${status}`}`, {
      next: 'Release or destroy a sandbox there, or raise its `replicas`.',
      details: { status },
    })
  }
  return [400, 403, 404, 405, 409, 413, 415, 422].includes(status) ? refused(where, status, said) : troubled(where, 'make a sandbox', status, said)
}

function isOurs(error: unknown): error is BerthError {
  return error instanceof Error && error.name === 'BerthError'
}
