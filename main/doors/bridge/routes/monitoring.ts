import { demandScope, type Dispatch } from '../../../calls/rpc/dispatch.ts'
import { sendJson } from '../../http/dialect.ts'
import { onlyMethods, type Route } from '../../http/route.ts'
import type { Metrics } from '../../../house/metrics/metrics.ts'
import { openApiDocument } from '../../../calls/rpc/openapi.ts'

/** `/health`, open to all on this machine: whether Berth is here and, with a nonce, whether it is the one meant. */
export function healthRoute(deps: { dispatch: Dispatch }): Route {
  return {
    takes: ({ path }) => path === '/health',
    open: () => true,
    async answer(exchange) {
      const { target, response, signal } = exchange
      onlyMethods(exchange, 'GET')
      const nonce = target.query.get('nonce')
      const context = { scope: 'open', client: 'anyone', bounds: null, who: 'client:anyone', signal, transport: 'http' } as const
      sendJson(response, 200, await deps.dispatch(context, 'health', nonce === null ? {} : { nonce }))
    },
  }
}

/** `GET /metrics`, in Prometheus' text format 0.0.4. An operator's token, also as the password of `Basic`. */
export function metricsRoute(deps: { metrics: Pick<Metrics, 'text'> }): Route {
  return {
    takes: ({ path }) => path === '/metrics',
    open: () => false,
    async answer(exchange) {
      const { caller, response } = exchange
      demandScope({ scope: caller?.scope ?? 'open' }, 'metrics', 'operator')
      onlyMethods(exchange, 'GET')
      const bytes = Buffer.from(await deps.metrics.text(), 'utf8')
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'content-length': bytes.byteLength })
      response.end(bytes)
    },
  }
}

const paths = new Set(['/openapi.json', '/berth/v1/openapi.json'])

/** The contract as OpenAPI 3.1. Open: it is the same text for every Berth of this version and says nothing of this one. */
export function openApiRoute(deps: { version: string }): Route {
  let made: unknown
  return {
    takes: ({ path }) => paths.has(path),
    open: () => true,
    async answer(exchange) {
      const { response } = exchange
      onlyMethods(exchange, 'GET')
      made ??= openApiDocument(deps.version)
      sendJson(response, 200, made)
    },
  }
}
