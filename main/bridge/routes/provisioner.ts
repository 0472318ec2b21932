import { fail } from '../../../shared/errors.ts'
import { readJson } from '../body.ts'
import type { Limits } from '../limits.ts'
import { readCreate } from '../provisioner/body.ts'
import { makeProvisioner, type ProvisionerDeps } from '../provisioner/provisioner.ts'
import { refusalOf, sendBad, sendNotFound } from '../provisioner/refusal.ts'
import { sendJson } from '../respond.ts'
import type { Exchange, Route } from '../route.ts'
import { contextOf } from './native.ts'

const collection = '/api/sandboxes'
const capabilities = '/api/capabilities'
/** A client with a wrong key asks every minute and shows nobody: the event log says so, this often at most. */
const complainEveryMs = 60_000

/**
 * deer-flow's provisioner dialect: `/api/sandboxes`, `/api/sandboxes/{id}` and `/api/capabilities`, with its bodies, status
 * codes and forms of error. What it means here: `docs/decisions/0013-provisioner-dialect.md`.
 */
export function provisionerRoute(deps: ProvisionerDeps & { limits: Limits }): Route {
  const provisioner = makeProvisioner(deps)
  let complained = Number.NEGATIVE_INFINITY

  async function create(exchange: Exchange): Promise<void> {
    const { request, response } = exchange
    const read = readCreate(await readJson(request, deps.limits), exchange.caller?.bounds?.user ?? 'default')
    if ('status' in read) return sendBad(response, read)
    sendJson(response, 200, await provisioner.create(contextOf(exchange), read.request))
  }

  async function one(exchange: Exchange, id: string): Promise<void> {
    const { method, response } = exchange
    const context = contextOf(exchange)
    if (method === 'GET') {
      const row = await provisioner.get(context, id)
      return row ? sendJson(response, 200, row) : sendNotFound(response, id)
    }
    if (method !== 'DELETE') throw notAllowed(exchange, 'GET, DELETE')
    await provisioner.remove(context, id, { busy: exchange.target.query.get('busy') === 'true' })
    sendJson(response, 200, { ok: true, sandbox_id: id })
  }

  async function all(exchange: Exchange): Promise<void> {
    if (exchange.method === 'POST') return await create(exchange)
    if (exchange.method !== 'GET') throw notAllowed(exchange, 'GET, POST')
    const sandboxes = await provisioner.list(contextOf(exchange))
    sendJson(exchange.response, 200, { sandboxes, count: sandboxes.length })
  }

  return {
    takes: ({ path }) => path === collection || path.startsWith(`${collection}/`) || path === capabilities,
    open: () => false,
    async answer(exchange) {
      const { path } = exchange.target
      if (path === collection) return await all(exchange)
      if (path === capabilities) {
        if (exchange.method !== 'GET') throw notAllowed(exchange, 'GET')
        // What Kubernetes would do with an init container and a sidecar is not done here; the mounts for it are.
        return sendJson(exchange.response, 200, { lark_cli_init_image: false, lark_cli_broker_image: false })
      }
      const id = path.slice(collection.length + 1)
      if (id.includes('/')) throw fail('NO_SUCH_CALL', 'Not Found', { next: 'Sandboxes are at /api/sandboxes/{id}.' })
      await one(exchange, id)
    },
    dialect: {
      prefix: '/api',
      refusal(error) {
        if (error.code === 'UNAUTHORIZED' && performance.now() - complained > complainEveryMs) {
          complained = performance.now()
          const text = "Somebody asked for sandboxes in deer-flow's dialect without a right key: a deer-flow with a wrong `provisioner_url` shows no other sign"
          deps.publish({ type: 'provisioner.refused', who: 'client:anyone', text })
        }
        return refusalOf(error)
      },
    },
  }
}

function notAllowed(exchange: Exchange, allowed: string): Error {
  exchange.response.setHeader('allow', allowed)
  return fail('METHOD_NOT_ALLOWED', 'Method Not Allowed', { next: `Use ${allowed}.` })
}
