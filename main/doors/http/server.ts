import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { onAbort } from '../../../shared/abort.ts'
import { asBerthError, type BerthError, fail } from '../../../shared/errors.ts'
import { takesUpgrade } from '../../../shared/upgrade.ts'
import { type Hosts, presentedToken, refuse } from './guard.ts'
import type { Caller, Identify } from '../../house/tokens/caller.ts'
import { dialectAt, keptMs, type Refusal, refuseConnection, secure, sendRefusal, unusedConnections } from './dialect.ts'
import { gone, type Limits } from './body.ts'
import { parseTarget, type Route } from './route.ts'

export interface BridgeServer {
  readonly server: Server
  /** An error as it is told at this address, to whoever has no response to send it by. */
  refusal(url: string | undefined, error: BerthError): Refusal
  /** Refuses what is new, ends what is under way with SHUTTING_DOWN, and lets its answers out. `further`: closes its other addresses. Idempotent. */
  close(further?: () => Promise<void>): Promise<void>
}

/** How long an unread body may still come before an error is answered; a client that only writes would never see it. */
const discardFor = 1000

/** The HTTP server itself: guard, token, route, error. It does not listen yet. */
export function createBridgeServer(deps: {
  identify: Identify
  routes: readonly Route[]
  limits: Limits
  hosts?: Hosts
  /** Told of every request that ended: its status, or null where the caller left before there was one. */
  answered?: ((status: number | null) => void) | undefined
}): BridgeServer {
  const { limits } = deps
  const underWay = new Map<ServerResponse, AbortController>()
  let closing: Promise<void> | null = null

  const server = createServer({
    headersTimeout: limits.head,
    requestTimeout: limits.request,
    // The default of 30 s would let an unfinished head live three times as long as it may.
    connectionsCheckingInterval: Math.max(100, Math.min(5000, limits.head / 2)),
    keepAliveTimeout: keptMs,
    shouldUpgradeCallback: takesUpgrade,
  })
  const dialects = deps.routes.flatMap(({ dialect }) => dialect ?? [])
  const refusal = (url: string | undefined, error: BerthError) => dialectAt(url, dialects).refusal(error)
  server.on('request', (request, response) => void answer(request, response))
  server.on('clientError', (error, socket) => refuseConnection(error, socket, dialects))
  const unused = unusedConnections(server)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const controller = new AbortController()
    underWay.set(response, controller)
    response.on('close', () => {
      underWay.delete(response)
      deps.answered?.(response.headersSent ? response.statusCode : null)
      // Nobody waits for the rest of what a HEAD left out: a stream would go on for ever.
      if (!response.writableFinished || request.method === 'HEAD') controller.abort(gone())
    })
    secure(response)
    try {
      if (closing) throw shuttingDown()
      await route(request, response, controller)
    } catch (thrown) {
      if (response.headersSent || response.destroyed) {
        response.destroy()
        return
      }
      if (hasUnreadBody(request)) {
        await discard(request)
        response.setHeader('connection', 'close')
      }
      sendRefusal(response, refusal(request.url, asBerthError(thrown)))
    }
  }

  async function route(request: IncomingMessage, response: ServerResponse, controller: AbortController): Promise<void> {
    const refused = refuse(request, deps.hosts)
    if (refused) throw refused
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET')
    const target = parseTarget(request.url)
    const ask = target && { method, path: target.path, accept: request.headers.accept }
    const found = ask && deps.routes.find((it) => it.takes(ask))
    const token = presentedToken(request.headers)
    const caller = token === null ? null : deps.identify(token)
    // Also where there is nothing: who has no token does not learn what there is.
    if (!caller && !(found && ask && found.open(ask.path))) throw unauthorized(token)
    if (!found || !target) throw noSuchPath()
    if (caller) endWith(caller, response, controller)
    await found.answer({ method, target, request, response, caller, signal: controller.signal })
  }

  /** A token that is revoked ends what it has under way: in order, or, where somebody does not listen, hard. */
  function endWith({ revoked }: Caller, response: ServerResponse, controller: AbortController): void {
    const end = () => {
      controller.abort(revoked.reason)
      const late = setTimeout(() => response.destroy(), limits.closing)
      response.on('close', () => clearTimeout(late))
    }
    response.on('close', onAbort(revoked, end))
  }

  async function shut(further: () => Promise<void>): Promise<void> {
    const stopped = Promise.all([new Promise<void>((resolve) => server.close(() => resolve())), further()])
    for (const controller of underWay.values()) controller.abort(shuttingDown())
    for (const response of underWay.keys()) if (!response.headersSent) response.setHeader('connection', 'close')
    const late = setTimeout(() => server.closeAllConnections(), limits.closing)
    const idle = setInterval(() => {
      server.closeIdleConnections()
      unused.end()
    }, 50)
    await stopped
    clearTimeout(late)
    clearInterval(idle)
  }

  return {
    server,
    refusal,
    close: (further = () => Promise.resolve()) => (closing ??= shut(further)),
  }
}

export function hasUnreadBody(request: IncomingMessage): boolean {
  const announced = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  return announced && !request.complete
}

export function discard(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, discardFor)
    request
      .on('error', () => undefined)
      .on('close', () => {
        clearTimeout(timer)
        resolve()
      })
    request.resume()
  })
}

function unauthorized(token: string | null): BerthError {
  return fail('UNAUTHORIZED', token === null ? 'A token is needed' : 'The token is not right', {
    next: 'Send what is in the token file (its path is in bridge.json) as `Authorization: Bearer ...` or `X-API-Key`.',
  })
}

function noSuchPath(): BerthError {
  return fail('NO_SUCH_CALL', 'There is nothing at this path', { next: 'Calls are at /berth/v1/{call}; /openapi.json describes them.' })
}

export function shuttingDown(): BerthError {
  return fail('SHUTTING_DOWN', 'Berth is shutting down', { next: 'Start it again: `berth serve`.' })
}
