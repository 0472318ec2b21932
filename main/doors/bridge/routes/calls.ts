import { calls } from '../../../../shared/contract.ts'
import { type BerthError, fail, toErrorData } from '../../../../shared/errors.ts'
import type { CallContext } from '../../../calls/rpc/handlers.ts'
import { type Dispatch, isCall } from '../../../calls/rpc/dispatch.ts'
import { type Limits, readJson } from '../../http/body.ts'
import { viaOf } from '../../http/guard.ts'
import { sendJson } from '../../http/dialect.ts'
import type { Exchange, Route } from '../../http/route.ts'
import { createStream, streamForm } from '../../http/stream.ts'

const prefix = '/berth/v1/'

/** A stream shows that it is there after this, even if nothing has happened; an earlier failure keeps its HTTP status. */
const silence = 1000

/**
 * `POST /berth/v1/{call}` with a JSON body, and GET with query parameters where the call only reads. One JSON answer, or
 * chunks and then a result or an error where `Accept` asks for `text/event-stream` or `application/x-ndjson`.
 */
export function nativeRoute(deps: { dispatch: Dispatch; limits: Limits }): Route {
  return {
    takes: ({ path }) => path.startsWith(prefix),
    open: (path) => {
      const name = path.slice(prefix.length)
      return isCall(name) && calls[name].scope === 'open'
    },
    async answer(exchange) {
      const name = exchange.target.path.slice(prefix.length)
      const context = contextOf(exchange)
      if (!isCall(name)) {
        await deps.dispatch(context, name, null)
        return
      }
      const input = await inputOf(exchange, name, deps.limits)
      const form = streamForm(exchange.request.headers.accept)
      if (!form) {
        sendJson(exchange.response, 200, await deps.dispatch(context, name, input))
        return
      }
      const stream = createStream(exchange.response, form, exchange.signal, deps.limits.heartbeat)
      const opening = setTimeout(() => stream.start(), silence)
      try {
        stream.end('result', await deps.dispatch({ ...context, emit: (chunk) => stream.send('chunk', chunk) }, name, input))
      } catch (thrown) {
        if (!stream.started()) throw thrown
        stream.end('error', toErrorData(thrown))
      } finally {
        clearTimeout(opening)
        stream.close()
      }
    },
  }
}

/** The context of a call over HTTP; without a token it may do what is open to all. */
export function contextOf(exchange: Exchange): CallContext<unknown> {
  const client = exchange.caller?.name ?? 'anyone'
  return {
    scope: exchange.caller?.scope ?? 'open',
    client,
    bounds: exchange.caller?.bounds ?? null,
    who: `client:${client}`,
    signal: exchange.signal,
    via: viaOf(exchange.request.headers.host),
    agent: exchange.request.headers['user-agent'],
    transport: 'http',
  }
}

async function inputOf(exchange: Exchange, name: keyof typeof calls, limits: Limits): Promise<unknown> {
  const reads = calls[name].kind === 'read'
  if (exchange.method === 'POST') return await readJson(exchange.request, limits)
  if (exchange.method === 'GET' && reads) return queryInput(exchange.target.query)
  exchange.response.setHeader('allow', reads ? 'GET, POST' : 'POST')
  throw methodNotAllowed(exchange.method, reads)
}

/** Strings all; a row of kind `read` turns them into what it means. */
export function queryInput(query: URLSearchParams): Record<string, string> {
  const input: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [key, value] of query) {
    if (key in input) throw fail('BAD_INPUT', `\`${key}\` is given twice`, { next: 'Give it once.' })
    input[key] = value
  }
  return { ...input }
}

function methodNotAllowed(method: string, reads: boolean): BerthError {
  return fail('METHOD_NOT_ALLOWED', `${method} is not for this call`, {
    next: reads ? 'Use GET with query parameters, or POST with a JSON body.' : 'Use POST with a JSON body.',
  })
}
