import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { onAbort } from '../../../../shared/abort.ts'
import { type BerthError, fail } from '../../../../shared/errors.ts'
import { clientFrame, type ClientFrame, type FramePort, type Hello, type ServerFrame } from '../../../../shared/wire/frame.ts'
import type { CallContext } from '../../../calls/rpc/handlers.ts'
import type { ContractId } from '../../../calls/rpc/contract-hash.ts'
import { closeCodes, type Served } from '../../wire/frame-server.ts'
import { parseMessage } from '../../../base/socket-message.ts'
import { socketPort } from '../../wire/socket-client.ts'
import { type Hosts, presentedToken, refuse, viaOf } from '../../http/guard.ts'
import type { Identify, KeyHolder } from '../../../house/tokens/caller.ts'
import { rawRefusal, type Refusal } from '../../http/dialect.ts'
import { parseTarget } from '../../http/route.ts'

export const socketPath = '/berth/v1/socket'

export interface SocketDeps {
  readonly hosts: Hosts | undefined
  /** How an error is told at an address. */
  readonly refusal: (url: string | undefined, error: BerthError) => Refusal
  readonly identify: Identify
  /** A session's key or a token, from the first frame; null: nobody's. */
  readonly authenticate: (key: string, agent: string) => KeyHolder | null
  readonly hello: { readonly version: string; readonly contract: ContractId; readonly instance: string }
  readonly serve: (port: FramePort<ServerFrame, ClientFrame>, caller: Omit<CallContext<unknown>, 'signal' | 'emit'>, onClosed: () => void) => Served
  /** A browser's session has a page more, or one less. */
  readonly connected: (session: string, by: 1 | -1) => void
}

export interface SocketRoute {
  /** Ends all of them; new ones are refused. Idempotent. */
  close(): void
}

/** Within this the first frame must have come. */
const helloMs = 5000
const pingMs = 30_000
/** Far more than a person's tabs; who holds that many is broken. */
const mostSockets = 256
/** The largest frame a client may send: a paste of 1 MiB, escaped. */
const largest = 8_388_608

/**
 * `/berth/v1/socket`: the contract over one WebSocket. Who it is says a token in the head, or the first frame: a page can
 * set no header, and what a browser attaches by itself authorises nothing. Host and Origin are checked as for any request.
 */
export function socketRoute(server: Server, deps: SocketDeps): SocketRoute {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largest, perMessageDeflate: false, clientTracking: false })
  const open = new Map<WebSocket, Served | null>()
  let closed = false

  server.on('upgrade', upgrade)

  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    // An error here would otherwise have no listener; the close that follows says the same.
    stream.on('error', () => undefined)
    const no = (error: BerthError) => rawRefusal(stream, deps.refusal(request.url, error))
    const refused = closed ? fail('SHUTTING_DOWN', 'Berth is shutting down', { next: 'Start it again: `berth serve`.' }) : refuse(request, deps.hosts)
    if (refused) return no(refused)
    if (open.size >= mostSockets) return no(fail('CAPACITY_REJECTED', `There are ${mostSockets} sockets already`, { next: 'Close some.' }))
    if (parseTarget(request.url)?.path !== socketPath) {
      return no(fail('NO_SUCH_CALL', 'There is no WebSocket at this path', { next: `Use ${socketPath}.` }))
    }
    const token = presentedToken(request.headers)
    const caller = token === null ? null : deps.identify(token)
    if (token !== null && !caller) return no(fail('UNAUTHORIZED', 'The token is not right', { next: 'Send what is in the token file.' }))
    sockets.handleUpgrade(request, stream, head, (socket) => greet(socket, request, caller && { caller, session: null }))
  }

  /** The first frame says which version the client is of and, where its head did not, who it is. */
  function greet(socket: WebSocket, request: IncomingMessage, known: KeyHolder | null): void {
    open.set(socket, null)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    const late = setTimeout(() => socket.close(closeCodes.unauthorized, 'no hello came'), helloMs)
    socket.once('message', (data, binary) => {
      clearTimeout(late)
      const frame = clientFrame.safeParse(binary ? null : parseMessage(data))
      if (!frame.success || frame.data.k !== 'hello') return socket.close(closeCodes.badFrame, 'the first frame must be a hello')
      const { contract, key } = frame.data
      const who = known ?? deps.authenticate(key, request.headers['user-agent'] ?? '')
      if (!who) return socket.close(closeCodes.unauthorized, 'the key is not taken')
      const ours = deps.hello.contract
      if (contract.version !== ours.version || contract.hash !== ours.hash) return socket.close(closeCodes.mismatch, deps.hello.version)
      admit(socket, request, who)
    })
    socket.once('close', () => clearTimeout(late))
  }

  function admit(socket: WebSocket, request: IncomingMessage, { caller, session }: KeyHolder): void {
    const hello: Hello = { k: 'hello', ...deps.hello, session }
    const port = socketPort<ServerFrame, ClientFrame>(socket)
    let unlisten = (): void => undefined
    if (session !== null) deps.connected(session, 1)
    let answered = true
    socket.on('pong', () => {
      answered = true
    })
    const beat = setInterval(() => {
      if (!answered) return socket.terminate()
      answered = false
      socket.ping()
    }, pingMs)
    beat.unref()
    const served = deps.serve(
      port,
      {
        scope: caller.scope,
        client: caller.name,
        bounds: caller.bounds,
        transport: 'socket',
        via: viaOf(request.headers.host),
        who: session === null ? `client:${caller.name}` : `session:${session}`,
      },
      () => {
        clearInterval(beat)
        unlisten()
        if (session !== null) deps.connected(session, -1)
      },
    )
    open.set(socket, served)
    port.send(hello)
    unlisten = onAbort(caller.revoked, () => served.close(fail('UNAUTHORIZED', 'The key is no longer taken', { next: 'Log in again: `berth open`.' })))
  }

  return {
    close() {
      if (closed) return
      closed = true
      const going = fail('SHUTTING_DOWN', 'Berth is shutting down', { next: 'Start it again: `berth serve`.' })
      for (const [socket, served] of open) {
        if (served) served.close(going)
        else socket.close(closeCodes.going, going.message)
        // Whoever does not answer the close must not hold up the end.
        const late = setTimeout(() => socket.terminate(), 1000)
        late.unref()
      }
      sockets.close()
    },
  }
}
