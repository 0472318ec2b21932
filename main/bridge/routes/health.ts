import { fail } from '../../../shared/errors.ts'
import type { Dispatch } from '../../rpc/dispatch.ts'
import { sendJson } from '../respond.ts'
import type { Route } from '../route.ts'

/** `/health`, open to all on this machine: whether Berth is here and, with a nonce, whether it is the one meant. */
export function healthRoute(deps: { dispatch: Dispatch }): Route {
  return {
    takes: ({ path }) => path === '/health',
    open: () => true,
    async answer({ method, target, response, signal }) {
      if (method !== 'GET') {
        response.setHeader('allow', 'GET')
        throw fail('METHOD_NOT_ALLOWED', `${method} is not for /health`, { next: 'Use GET.' })
      }
      const nonce = target.query.get('nonce')
      const context = { scope: 'open', client: 'anyone', bounds: null, who: 'client:anyone', signal, transport: 'http' } as const
      sendJson(response, 200, await deps.dispatch(context, 'health', nonce === null ? {} : { nonce }))
    },
  }
}
