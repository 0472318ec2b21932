import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Activity } from './activity.ts'
import type { Gate, Router } from './router.ts'
import { Call, type Places } from './served-call.ts'
import { failure, InvalidRequest, type JsonReply, notAvailable, type Reply, RequestError } from './reply.ts'
import { ledOutward } from './stand-ins.ts'
import { takesUpgrade } from '../../shared/upgrade.ts'

/** Milliseconds an idle connection is kept: longer than any client's own limit, so that none is closed under a request. */
const keepAlive = 80_000

export interface HttpOptions {
  readonly router: Router
  readonly gate: Gate
  readonly activity: Activity
  /** null: every path is what it says. */
  readonly places: Places
  /** A fault of the server, not of the client. */
  readonly fault: (error: unknown) => void
}

export function httpServer(options: HttpOptions): Server {
  // Not imported: for an import Node evaluates every export, `WebSocket` too, which loads a client of 6 MiB.
  const { createServer } = process.getBuiltinModule('node:http')
  const server = createServer({
    keepAliveTimeout: keepAlive,
    headersTimeout: keepAlive + 10_000,
    // A command may run for hours and an upload take as long; what is slow on purpose can only cost its own socket.
    requestTimeout: 0,
    requireHostHeader: false,
    shouldUpgradeCallback: takesUpgrade,
  })
  server.on('request', (request, response) => void serve(request, response, options))
  server.on('clientError', (error: Error & { readonly code?: string }, socket) => {
    // Never used: an answer would be taken for that of the request that may just be coming.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && 'bytesRead' in socket && socket.bytesRead === 0) socket.destroy()
    else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refuse(socket, 408, 'The request did not come to its end')
    else if (error.code === 'HPE_HEADER_OVERFLOW') refuse(socket, 431, 'The headers are too large')
    else
      refuse(
        socket,
        400,
        error.code === 'HPE_INVALID_URL' ? 'The address has a character that must be percent-encoded' : `This is not HTTP/1.1: ${error.message}`,
      )
  })
  // Without these, a reset connection would end the process.
  server.on('connection', (socket) => socket.on('error', () => socket.destroy()))
  server.on('dropRequest', (_request, socket) => socket.destroy())
  return server
}

const internal = failure(500, 'Internal error in the sandbox server')

async function serve(request: IncomingMessage, response: ServerResponse, options: HttpOptions): Promise<void> {
  request.on('error', () => response.destroy())
  response.on('error', () => request.destroy())
  try {
    const reply = await answer(request, response, options)
    if (reply !== 'sent') send(request, response, reply)
  } catch (error) {
    const aborted = request.destroyed && !request.complete
    if (!aborted) options.fault(error)
    if (response.headersSent || aborted) response.destroy()
    else send(request, response, internal)
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, options: HttpOptions): Promise<Reply> {
  const { path, query } = target(request.url ?? '/')
  try {
    if (!admits(request, query, options.gate)) {
      if (request.method === 'GET' && path === '/healthz') return { status: 200, body: { status: 'ok' } }
      return failure(401, 'Unauthorized')
    }
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET')
    const found = options.router.find(method, path)
    if (!found) return notAvailable()
    // A screen that shows files would keep a sandbox awake for as long as somebody looks.
    const counts = found.route.activity && request.headers['x-berth-look'] === undefined
    if (counts) options.activity.touch()
    const reply = await found.route.handle(new Call(request, response, query, found.params, options.places))
    if (counts) options.activity.touch()
    const { standIns } = options.places
    return reply === 'sent' || standIns === null ? reply : { ...reply, body: ledOutward(reply.body, standIns) }
  } catch (error) {
    if (error instanceof RequestError || error instanceof InvalidRequest) return error.reply()
    throw error
  }
}

/**
 * Whether a request may go on. Without a key everybody may, except a web page of elsewhere: a browser would send its
 * requests to a loopback port for any page that the user visits.
 */
export function admits(request: IncomingMessage, query: URLSearchParams, gate: Gate): boolean {
  return gate.open ? request.headers['sec-fetch-site'] !== 'cross-site' : gate.allows(request, query)
}

/** Splits by hand: `URL` throws at targets that clients do send, and none of what it would normalise means anything here. */
export function target(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  return { path: path.length > 1 ? path.replace(/\/+$/, '') : path, query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)) }
}

function send(request: IncomingMessage, response: ServerResponse, reply: JsonReply): void {
  if (response.destroyed) return
  const body = Buffer.from(JSON.stringify(reply.body), 'utf8')
  response.writeHead(reply.status, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
  if (request.complete) return
  // A body that was refused is thrown away for a moment, so that the client reads the answer instead of a reset.
  request.resume()
  const timer = setTimeout(() => request.destroy(), 5000)
  timer.unref()
  request.once('close', () => clearTimeout(timer))
}

/** An answer, in the one form of this API, on a connection that is no longer node:http's. */
export function refuse(socket: Duplex, status: number, message: string): void {
  socket.on('error', () => socket.destroy())
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = JSON.stringify(failure(status, message).body)
  const head = `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  socket.end(head + body, () => socket.destroy())
}
