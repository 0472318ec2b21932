import type { Metrics } from '../../metrics/metrics.ts'
import { demandScope } from '../../rpc/dispatch.ts'
import { onlyMethods, type Route } from '../route.ts'

/** `GET /metrics`, in Prometheus' text format 0.0.4. An operator's token, also as the password of `Basic`. */
export function metricsRoute(deps: { metrics: Pick<Metrics, 'text'> }): Route {
  return {
    takes: ({ path }) => path === '/metrics',
    open: () => false,
    async answer(exchange) {
      const { caller, response } = exchange
      demandScope({ scope: caller?.scope ?? 'open' }, 'metrics', 'operator')
      onlyMethods(exchange, 'GET')
      const bytes = Buffer.from(deps.metrics.text(), 'utf8')
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'content-length': bytes.byteLength })
      response.end(bytes)
    },
  }
}
