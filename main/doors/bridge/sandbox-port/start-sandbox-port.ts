import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { onAbort } from '../../../../shared/abort.ts'
import { asBerthError, BerthError, errorCodes, fail, toErrorData } from '../../../../shared/errors.ts'
import { takesUpgrade } from '../../../../shared/upgrade.ts'
import type { Provider, Visit } from '../../../core/provider-api.ts'
import type { Dispatch } from '../../../calls/rpc/dispatch.ts'
import type { Identify } from '../../../house/tokens/caller.ts'
import { type Dialect, jsonRefusal, keptMs, rawRefusal, refuseConnection, secure, sendRefusal, unusedConnections } from '../../http/dialect.ts'
import { gone } from '../../http/body.ts'
import type { Hosts } from '../../http/guard.ts'
import { listenByPlan, type PortPlan } from '../../client/port.ts'
import { discard, hasUnreadBody, shuttingDown } from '../../http/server.ts'
import type { Capabilities } from './capabilities.ts'
import { letIn, openDoor, type Pass, turnAway } from './access.ts'
import { defaultLimits, exchange, type Exchanging, type SandboxPortLimits } from './exchange.ts'
import { tunnel } from './tunnel.ts'
import { openUpstream } from './upstream.ts'

/** The whole sandbox port's: the envelope of the AIO API, which its SDKs read, and Berth's error beside it. */
const aioDialect: Dialect = {
  prefix: '',
  refusal: (error) =>
    jsonRefusal(errorCodes[error.code].http, { success: false, message: error.message, data: null, hint: error.next, error: toErrorData(error) }),
}

export interface SandboxPort {
  readonly port: number
  /** Ends what runs over the addresses of a sandbox: they are no longer taken. */
  cut(id: string): void
  /** Refuses what is new and ends what is under way. Idempotent. */
  close(): Promise<void>
}

export interface SandboxPortDeps {
  readonly plan: PortPlan
  /** Addresses beside 127.0.0.1. */
  readonly listen: readonly string[]
  readonly hosts: Hosts
  readonly capabilities: Capabilities
  readonly provider: Pick<Provider, 'enter'>
  readonly identify: Identify
  readonly dispatch: Dispatch
  /** Resolves once it is known which sandboxes there are. */
  readonly begun: (signal: AbortSignal) => Promise<void>
  readonly limits?: Partial<SandboxPortLimits>
}

/** Asked by whoever waits for a sandbox or watches over one; nobody works by it. */
const probes: ReadonlySet<string> = new Set(['/v1/sandbox', '/healthz'])

/** Opens the port on which sandboxes are reached. Throws PORT_TAKEN, naming who has it. */
export async function startSandboxPort(deps: SandboxPortDeps): Promise<SandboxPort> {
  const limits = { ...defaultLimits, ...deps.limits }
  const upstream = openUpstream()
  const door = openDoor(deps)
  /** By what ends it: which sandbox it is in, once that is known. */
  const underWay = new Map<AbortController, { id: string | null }>()
  let closing: Promise<void> | null = null

  const server = createServer({
    headersTimeout: limits.head,
    // Bodies and answers take as long as they take.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.max(100, Math.min(5000, limits.head / 2)),
    keepAliveTimeout: keptMs,
    shouldUpgradeCallback: takesUpgrade,
  })
  const unused = unusedConnections(server)
  server.on('request', (request, response) => void answer(request, response))
  server.on('upgrade', (request, socket, head) => void upgrade(request, socket, head))
  server.on('clientError', (error, socket) => refuseConnection(error, socket, [aioDialect]))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const control = new AbortController()
    response.on('close', () => {
      if (!response.writableFinished) control.abort(gone())
    })
    await track(control, async (noted) => {
      try {
        const found = await door(request, { upgrade: false, signal: control.signal })
        if (found.kind === 'enter') return letIn(response, { id: found.id, value: deps.capabilities.of('browser', found.id) }, found.to)
        noted(found.id)
        await visiting(
          request,
          found,
          control,
          (it) => exchange(request, response, it),
          () => {
            // The client must not take for the whole what broke off in the middle.
            if (response.headersSent) response.destroy()
          },
        )
      } catch (thrown) {
        await refuse(request, response, thrown)
      }
      // A body that nobody wanted, behind an answer that is through.
      if (hasUnreadBody(request)) {
        await discard(request)
        if (!request.complete) request.destroy()
      }
    })
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const control = new AbortController()
    // No longer node:http's: without this, a reset would end the process.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => control.abort(gone()))
    await track(control, async (noted) => {
      try {
        // An engine of an older Node asks nobody whether to upgrade.
        if (!takesUpgrade(request)) throw fail('BAD_INPUT', 'Only WebSockets are spoken here', { next: 'Leave `Upgrade` out.' })
        const found = await door(request, { upgrade: true, signal: control.signal })
        if (found.kind === 'enter') throw fail('BAD_INPUT', 'Nobody enters by a WebSocket', { next: 'Open it as a page.' })
        noted(found.id)
        await visiting(
          request,
          found,
          control,
          (it) => tunnel(request, socket, head, it),
          () => undefined,
        )
      } catch (thrown) {
        rawRefusal(socket, aioDialect.refusal(asBerthError(thrown)))
      }
    })
  }

  async function track(control: AbortController, run: (noted: (id: string) => void) => Promise<void>): Promise<void> {
    const entry: { id: string | null } = { id: null }
    underWay.set(control, entry)
    if (closing) control.abort(shuttingDown())
    try {
      await run((id) => {
        entry.id = id
      })
    } finally {
      underWay.delete(control)
    }
  }

  /** `broken`: what can be done about a failure at once, before the engine has been asked what it is. */
  async function visiting(
    request: IncomingMessage,
    pass: Pass,
    control: AbortController,
    work: (it: Exchanging) => Promise<void>,
    broken: () => void,
  ): Promise<void> {
    const { signal } = control
    const path = pass.target.split('?', 1)[0] ?? ''
    const counts = !(probes.has(path) && (request.method === 'GET' || request.method === 'HEAD'))
    const visit = await deps.provider.enter(pass.id, { counts, signal }).catch((thrown: unknown) => {
      throw notThere(thrown)
    })
    const ended = pass.revoked ? AbortSignal.any([visit.lost, pass.revoked]) : visit.lost
    const unlisten = onAbort(ended, ({ reason }) => control.abort(reason))
    try {
      await work({ pass, visit, upstream, port, identify: deps.identify, limits, signal })
    } catch (thrown) {
      broken()
      throw await explained(visit, thrown)
    } finally {
      unlisten()
      visit.leave()
    }
  }

  async function refuse(request: IncomingMessage, response: ServerResponse, thrown: unknown): Promise<void> {
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    if (hasUnreadBody(request)) {
      await discard(request)
      response.setHeader('connection', 'close')
    }
    secure(response)
    if (thrown instanceof BerthError && request.headers['sec-fetch-dest'] === 'document')
      turnAway(response, errorCodes[thrown.code].http, thrown.message, thrown.next)
    else sendRefusal(response, aioDialect.refusal(asBerthError(thrown)))
  }

  async function shut(): Promise<void> {
    const stopped = Promise.all([new Promise<void>((resolve) => server.close(() => resolve())), listening.close()])
    for (const control of underWay.keys()) control.abort(shuttingDown())
    const late = setTimeout(() => server.closeAllConnections(), limits.closing)
    const idle = setInterval(() => {
      server.closeIdleConnections()
      unused.end()
    }, 50)
    await stopped
    clearTimeout(late)
    clearInterval(idle)
    upstream.close()
  }

  const listening = await listenByPlan(server, deps.plan, deps.listen)
  const { port } = listening
  return {
    port,
    cut(id) {
      for (const [control, entry] of underWay) if (entry.id === id) control.abort(addressEnded())
    },
    close: () => (closing ??= shut()),
  }
}

/** The address is right, but nothing is behind it now: not the caller's mistake, and not for ever. */
function notThere(thrown: unknown): unknown {
  if (!(thrown instanceof BerthError) || thrown.code !== 'SANDBOX_NOT_FOUND') return thrown
  return fail('SANDBOX_LOST', 'There is no sandbox behind this address now', {
    next: 'Acquire the thread again: it gets a new sandbox with the same files at the same address.',
    cause: thrown,
  })
}

/** Whoever called learns what the engine says of the container, not only that a connection failed. */
async function explained(visit: Visit, thrown: unknown): Promise<unknown> {
  return thrown instanceof BerthError && thrown.code === 'SANDBOX_UNREACHABLE' ? await visit.explain(thrown) : thrown
}

function addressEnded(): BerthError {
  return fail('FORBIDDEN', 'This address was ended while it was used', { next: 'Acquire the sandbox again for its new address.' })
}
