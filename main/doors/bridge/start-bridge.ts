import type { Server } from 'node:http'
import type { Events } from '../../house/events/events.ts'
import type { Provider } from '../../core/provider-api.ts'
import { contractId } from '../../calls/rpc/contract-hash.ts'
import { serveFrames, type Subscribe } from '../wire/frame-server.ts'
import type { Sessions, TicketStore } from '../../house/tokens/sessions.ts'
import type { Dispatch } from '../../calls/rpc/dispatch.ts'
import type { Identify } from '../../house/tokens/caller.ts'
import type { Hosts } from '../http/guard.ts'
import type { Metrics } from '../../house/metrics/metrics.ts'
import { defaultLimits, type Limits } from '../http/body.ts'
import { listenByPlan, type PortPlan } from '../client/port.ts'
import type { Log } from '../../base/log.ts'
import { eventsRoute } from './routes/events.ts'
import { healthRoute, metricsRoute, openApiRoute } from './routes/monitoring.ts'
import { mcpRoute } from './routes/mcp.ts'
import { nativeRoute } from './routes/calls.ts'
import { type SocketRoute, socketRoute } from './routes/socket.ts'
import { ticketsRoute } from './routes/transfers.ts'
import { uiRoute } from './routes/ui.ts'
import { provisionerRoute } from './routes/provisioner.ts'
import { defaultTimes, type ProvisionerDeps } from '../provisioner/provisioner.ts'
import { type BridgeServer, createBridgeServer } from '../http/server.ts'

export interface Bridge {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string
  readonly port: number
  /** Ends sessions that hold sandboxes, so that their holds are given back before the provider closes. Idempotent. */
  endSessions(): Promise<void>
  /** Ends what is under way with SHUTTING_DOWN and lets its answers out; bounded. Idempotent. */
  close(): Promise<void>
}

/** What a browser needs of the engine. */
export interface ScreensDeps {
  /** Of the built page. */
  readonly directory: string
  readonly sessions: Sessions
  readonly tickets: TicketStore
  readonly enter: Provider['enter']
  readonly subscribe: Subscribe
  readonly instance: string
}

function openSocket(
  server: Server,
  deps: { identify: Identify; dispatch: Dispatch; version: string; hosts?: Hosts; refusal: BridgeServer['refusal'] },
  { sessions, subscribe, instance }: ScreensDeps,
): SocketRoute {
  return socketRoute(server, {
    hosts: deps.hosts,
    refusal: deps.refusal,
    identify: deps.identify,
    authenticate(key) {
      const caller = deps.identify(key)
      return caller ? { caller, session: null } : sessions.authenticate(key)
    },
    hello: { version: deps.version, contract: contractId(), instance },
    serve: (port, caller, onClosed) => serveFrames(port, { dispatch: deps.dispatch, subscribe, caller, onClosed }),
    connected: sessions.connected,
  })
}

/** Opens the loopback port. Throws PORT_TAKEN, naming who has it. */
export async function startBridge(deps: {
  plan: PortPlan
  identify: Identify
  metrics: Pick<Metrics, 'answered' | 'text'>
  version: string
  dispatch: Dispatch
  events: Events
  /** Left out: deer-flow's dialect is not spoken. */
  provisioner?: Pick<ProvisionerDeps, 'aliases' | 'addressOf' | 'begun'>
  /** Left out: there is no page, no socket and no ticket. */
  screens?: ScreensDeps
  log: Log
  /** Monotonic milliseconds. */
  now: () => number
  limits?: Partial<Limits>
  /** Addresses beside 127.0.0.1. */
  listen?: readonly string[]
  hosts?: Hosts
}): Promise<Bridge> {
  const limits = { ...defaultLimits, ...deps.limits }
  const mcp = mcpRoute({ dispatch: deps.dispatch, limits, log: deps.log, now: deps.now })
  const routes = [
    mcp,
    healthRoute(deps),
    openApiRoute(deps),
    eventsRoute({ events: deps.events, limits }),
    metricsRoute({ metrics: deps.metrics }),
    nativeRoute({ dispatch: deps.dispatch, limits }),
    ...(deps.screens ? [ticketsRoute(deps.screens), uiRoute(deps.screens)] : []),
    ...(deps.provisioner
      ? [provisionerRoute({ ...deps.provisioner, dispatch: deps.dispatch, publish: deps.events.publish, times: defaultTimes, limits })]
      : []),
  ]
  const { server, refusal, close } = createBridgeServer({
    identify: deps.identify,
    routes,
    limits,
    answered: deps.metrics.answered,
    ...(deps.hosts ? { hosts: deps.hosts } : {}),
  })
  const socket = deps.screens ? openSocket(server, { ...deps, refusal }, deps.screens) : null
  const listening = await listenByPlan(server, deps.plan, deps.listen)
  const { port } = listening
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    endSessions: mcp.close,
    async close() {
      socket?.close()
      await mcp.close()
      await close(listening.close)
    },
  }
}
