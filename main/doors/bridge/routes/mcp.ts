import type { ServerResponse } from 'node:http'
import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server'
import { threadId, userId } from '../../../../shared/identity.ts'
import { type ErrorCode, errorCodes, fail, toErrorData } from '../../../../shared/errors.ts'
import type { Log } from '../../../base/log.ts'
import { createMcpServer } from '../../mcp/mcp-server.ts'
import { type McpSession, openSession } from '../../mcp/session.ts'
import { demandScope, type Dispatch } from '../../../calls/rpc/dispatch.ts'
import type { Caller } from '../../../house/tokens/caller.ts'
import { type Limits, readJson } from '../../http/body.ts'
import { mcpSessions } from '../../mcp/http/mcp-sessions.ts'
import { type Exchange, onlyMethods, type Route } from '../../http/route.ts'
import type { CallChunk, CallName, CallResult } from '../../../../shared/contract.ts'
import type { EngineCalls } from '../../mcp/lazy-calls.ts'
import { type Dialect, jsonRefusal } from '../../http/dialect.ts'

/** JSON-RPC 2.0's own codes; all else is the server's to number, and has Berth's code in its `data`. */
const codes: Partial<Record<ErrorCode, number>> = { BAD_INPUT: -32600, TOO_LARGE: -32600, UNSUPPORTED_MEDIA_TYPE: -32600, INTERNAL: -32603 }
const notJson = -32700
const ours = -32000

/** MCP's: a JSON-RPC error without an id, as what failed before a message was read belongs to none. */
const rpcDialect: Dialect = {
  prefix: '/mcp',
  refusal(error) {
    const code = error.details?.['reason'] === 'not-json' ? notJson : (codes[error.code] ?? ours)
    const message = `${error.message}. ${error.next}`
    return jsonRefusal(errorCodes[error.code].http, { jsonrpc: '2.0', error: { code, message, data: toErrorData(error) }, id: null })
  },
}

export interface McpRoute extends Route {
  /** Ends all sessions and gives back what they hold; refuses new ones. Idempotent. */
  close(): Promise<void>
}

/**
 * `/mcp`: MCP over streamable HTTP. A client that says `initialize` (protocols up to 2025-11-25) gets a session with a thread
 * and a hold of its own; a request of 2026-07-28 stands for itself, so that it must name its thread. `X-Berth-Thread` and
 * `X-Berth-User` give a client the thread and user that its tools use by default.
 */
export function mcpRoute(deps: { dispatch: Dispatch; limits: Limits; log: Log; now: () => number }): McpRoute {
  const { dispatch, limits, log } = deps
  let closed = false
  /** Who sent a request that the SDK has in its hands. */
  const callers = new WeakMap<Request, Caller>()
  const sessions = mcpSessions({ limits, log, now: deps.now, open: (request) => sessionOf(request, false) })
  const modern = createMcpHandler(
    ({ requestInfo }) => {
      if (!requestInfo) throw new Error('the SDK gave no request')
      return createMcpServer({ session: sessionOf(requestInfo, true), log })
    },
    // Always a stream: it has signs of life, without which a client gives up on a long command.
    { legacy: 'reject', responseMode: 'sse' },
  )

  function sessionOf(request: Request, stateless: boolean): McpSession {
    const caller = callers.get(request)
    if (!caller) throw new Error('a request of nobody')
    return openSession({
      calls: dispatchCalls(dispatch, caller),
      thread: headerOf(request, 'x-berth-thread', threadId),
      user: headerOf(request, 'x-berth-user', userId) ?? caller.bounds?.user ?? undefined,
      prefix: caller.bounds?.threadPrefix,
      stateless: stateless ? { holder: `mcp:${caller.name}` } : undefined,
      problem: (text, cause) => log('warn', text, cause),
    })
  }

  async function answerOf(exchange: Exchange): Promise<{ response: Response; done: () => void }> {
    const { caller, method } = exchange
    demandScope({ scope: caller?.scope ?? 'open' }, 'mcp', 'agent')
    if (closed) throw fail('SHUTTING_DOWN', 'Berth is shutting down', { next: 'Start it again: `berth serve`.' })
    onlyMethods(exchange, 'GET', 'POST', 'DELETE')
    if (!caller) throw new Error('a request of nobody')
    // A look: it must not count as the session's stream of messages.
    if (exchange.request.method === 'HEAD') return { response: new Response(null, { headers: { 'content-type': 'text/event-stream' } }), done: () => undefined }
    const body = method === 'POST' ? await readJson(exchange.request, limits) : undefined
    const request = webRequest(exchange)
    callers.set(request, caller)
    if (body !== undefined && !(await isLegacyRequest(request, body))) {
      return { response: await modern.fetch(request, { parsedBody: body }), done: () => undefined }
    }
    return (await sessions.answer(request, body, caller)) ?? { response: noSession(request, body), done: () => undefined }
  }

  return {
    takes: ({ path }) => path === '/mcp',
    open: () => false,
    dialect: rpcDialect,
    async answer(exchange) {
      const { response, done } = await answerOf(exchange)
      try {
        await sendWeb(exchange.response, response)
      } finally {
        done()
      }
    },
    async close() {
      closed = true
      await Promise.all([sessions.close(), modern.close()])
    },
  }
}

/** As the specification wants it: 404 tells a client to shake hands again, 400 that it never did. */
function noSession(request: Request, body: unknown): Response {
  const known = request.headers.has('mcp-session-id')
  const id = (body as { id?: unknown } | null | undefined)?.id
  const message = known ? 'Session not found: it has ended. Initialize again.' : 'There is no session: begin with `initialize`, or speak protocol 2026-07-28.'
  const error = { code: known ? -32001 : -32000, message }
  return Response.json({ jsonrpc: '2.0', error, id: typeof id === 'string' || typeof id === 'number' ? id : null }, { status: known ? 404 : 400 })
}

function headerOf(request: Request, name: string, schema: typeof threadId): string | undefined {
  const value = request.headers.get(name)
  if (value === null) return undefined
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw fail('BAD_INPUT', `The header ${name}: ${parsed.error.issues[0]?.message}`, { next: "Correct the header in the client's configuration." })
}

/** The calls of whoever has this token, for as long as an MCP session lives: through the one door, with the token's own rights. */
function dispatchCalls(dispatch: Dispatch, caller: Caller): EngineCalls {
  return {
    async call(name, input, { signal, onChunk } = {}) {
      const context = {
        scope: caller.scope,
        client: caller.name,
        bounds: caller.bounds,
        who: `client:${caller.name}`,
        transport: 'mcp',
        signal: signal ?? new AbortController().signal,
        ...(onChunk ? { emit: async (chunk: unknown) => await onChunk(chunk as CallChunk<CallName> as never) } : {}),
      } as const
      return (await dispatch(context, name, input)) as CallResult<typeof name>
    },
  }
}

/**
 * A request of the bridge as the web's `Request`, which the MCP SDK takes. Without its body: that has been read, within the
 * bridge's limits. Aborted when the caller is gone or the bridge closes.
 */
function webRequest({ method, request, signal }: Exchange): Request {
  const headers = new Headers()
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  return new Request(`http://${request.headers.host}${request.url}`, { method, headers, signal })
}

/** Headers that are the bridge's own to set. */
const own = new Set(['cache-control', 'connection', 'content-length', 'transfer-encoding'])

/**
 * Sends the web's `Response`; a slow reader slows its source. Resolves when all of it is out, or the caller is gone. What else ends
 * an exchange (the bridge closes, a token is revoked) ends its source, which then still says so.
 */
async function sendWeb(response: ServerResponse, answer: Response): Promise<void> {
  for (const [name, value] of answer.headers) if (!own.has(name)) response.setHeader(name, value)
  response.writeHead(answer.status)
  const reader = answer.body?.getReader()
  if (!reader) {
    response.end()
    return
  }
  response.flushHeaders()
  // What ends the source also ends the loop below, which waits for it.
  const stop = () => void reader.cancel().catch(() => undefined)
  if (response.destroyed) stop()
  response.on('close', stop)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || response.destroyed) break
      if (!response.write(value)) await drained(response)
    }
  } finally {
    response.end()
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}
