import type { ServerResponse } from 'node:http'
import { type BerthError, type ErrorCode, errorCodes, fail } from '../../../../shared/errors.ts'
import { type Limits, readJson } from '../../http/body.ts'
import { type BadBody, readCreate } from '../../provisioner/body.ts'
import { makeProvisioner, type ProvisionerDeps } from '../../provisioner/provisioner.ts'
import { jsonRefusal, type Refusal, sendJson } from '../../http/dialect.ts'
import type { Exchange, Route } from '../../http/route.ts'
import { contextOf } from './calls.ts'

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

/** What is the client's to change has its own status; where trying again may help it is 503, and 500 otherwise. */
const statuses: Partial<Record<ErrorCode, number>> = {
  BAD_INPUT: 422,
  UNSUPPORTED_MEDIA_TYPE: 422,
  IDENTITY_CONFLICT: 409,
  NAME_TAKEN: 409,
  MOUNT_REFUSED: 400,
  MOUNT_MISSING: 400,
  NO_SUCH_CALL: 404,
  METHOD_NOT_ALLOWED: 405,
  TOO_LARGE: 413,
  FORBIDDEN: 403,
  BAD_HOST: 403,
  BAD_ORIGIN: 403,
  SHUTTING_DOWN: 503,
}

/**
 * An error in the words of deer-flow's provisioner: `{"detail": ...}`. A 404 says that a sandbox is dead, so only the
 * answers that mean just this are one. Without a right key it is the bare word, as there.
 */
function refusalOf(error: BerthError): Refusal {
  if (error.code === 'UNAUTHORIZED') return { status: 401, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'Unauthorized' }
  const status = statusOf(error)
  // A body that is no JSON object at all, as FastAPI says it.
  if (status === 422) return jsonRefusal(422, { detail: [{ type: 'json_invalid', loc: ['body', 0], msg: error.message, input: {} }] })
  return jsonRefusal(status, { detail: `${error.message}. ${error.next}` })
}

function sendBad(response: ServerResponse, bad: BadBody): void {
  sendJson(response, bad.status, { detail: bad.status === 422 ? bad.problems : bad.text })
}

function sendNotFound(response: ServerResponse, id: string): void {
  sendJson(response, 404, { detail: `Sandbox '${id}' not found` })
}

function statusOf({ code, details }: BerthError): number {
  // FastAPI, too, says 400 to JSON that nests too deep for it, and its server to what is no HTTP.
  if (details?.['reason'] === 'too-deep' || details?.['reason'] === 'not-http') return 400
  return statuses[code] ?? (errorCodes[code].retry ? 503 : 500)
}
