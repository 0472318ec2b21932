import type { Dispatch } from '../../rpc/dispatch.ts'
import { sendJson } from '../respond.ts'
import { onlyMethods, type Route } from '../route.ts'

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
