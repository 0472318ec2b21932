import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server'
import { threadId, userId } from '../../../shared/identity.ts'
import { fail } from '../../../shared/errors.ts'
import type { Log } from '../../log.ts'
import { createMcpServer } from '../../mcp/mcp-server.ts'
import { type McpSession, openSession } from '../../mcp/session.ts'
import { type Dispatch, demandScope } from '../../rpc/dispatch.ts'
import type { Caller } from '../auth.ts'
import { readJson } from '../body.ts'
import type { Limits } from '../limits.ts'
import { dispatchCalls } from '../mcp/dispatch-calls.ts'
import { mcpSessions } from '../mcp/mcp-sessions.ts'
import { rpcDialect } from '../mcp/rpc-dialect.ts'
import { sendWeb, webRequest } from '../mcp/web-exchange.ts'
import { type Exchange, onlyMethods, type Route } from '../route.ts'

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
  const message = known
    ? 'Session not found: it has ended. Initialize again.'
    : 'There is no session: begin with `initialize`, or speak protocol 2026-07-28.'
  const error = { code: known ? -32001 : -32000, message }
  return Response.json(
    { jsonrpc: '2.0', error, id: typeof id === 'string' || typeof id === 'number' ? id : null },
    { status: known ? 404 : 400 },
  )
}

function headerOf(request: Request, name: string, schema: typeof threadId): string | undefined {
  const value = request.headers.get(name)
  if (value === null) return undefined
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw fail('BAD_INPUT', `The header ${name}: ${parsed.error.issues[0]?.message}`, { next: "Correct the header in the client's configuration." })
}
