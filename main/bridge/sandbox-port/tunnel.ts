import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { fail } from '../../../shared/errors.ts'
import { abortError } from '../../abort-error.ts'
import { gone } from '../body.ts'
import { type Exchanging, unreachable } from './exchange.ts'
import { frameWatch } from './frames.ts'
import { rawHead } from './raw-answer.ts'
import { requestHeaders } from './request-headers.ts'
import { responseHeaders } from './response-headers.ts'

/** A side that has ended is followed by the other within this. */
const halfOpenMs = 5000
/** Finds clients whose machine is gone. */
const aliveMs = 30_000

/**
 * One WebSocket: the handshake is passed on, then bytes both ways, until either side ends, or the sandbox does. What its
 * client sends counts as activity, what it receives does not. Rejects where nothing has been answered yet.
 */
export async function tunnel(request: IncomingMessage, client: Duplex, head: Buffer, deps: Exchanging): Promise<void> {
  const stop = deps.signal
  if (stop.aborted) throw abortError(stop)
  const opened = await shakeHands(request, client, deps)
  if (opened === null) return
  const { server, ahead } = opened
  deps.visit.streaming()
  const meant = frameWatch()
  const seen = (chunk: Buffer): void => {
    if (meant(chunk)) deps.visit.touch()
  }
  for (const socket of [client, server]) {
    if (!('setNoDelay' in socket)) continue
    ;(socket as Socket).setNoDelay(true).setKeepAlive(true, aliveMs).setTimeout(0)
  }
  if (head.length > 0) {
    seen(head)
    server.write(head)
  }
  if (ahead.length > 0) client.write(ahead)
  client.on('data', seen)
  await joined(client, server, stop)
}

/** Null: the sandbox answered something else, which has been passed on. */
function shakeHands(request: IncomingMessage, client: Duplex, deps: Exchanging): Promise<{ server: Duplex; ahead: Buffer } | null> {
  const { pass, visit, upstream, port, identify, signal: stop } = deps
  const headers = requestHeaders(request.rawHeaders, { pass, address: visit.address, port, identify, upgrade: true })
  const sent = upstream.request(visit.address.url, { method: 'GET', target: pass.target, headers, fresh: true })
  const heads = (answer: IncomingMessage) => responseHeaders(answer.rawHeaders, { pass, sentHost: String(headers['host']) })
  return new Promise((resolve, reject) => {
    const onStop = (): void => settle(() => reject(abortError(stop)), true)
    const onGone = (): void => settle(() => reject(gone()), true)
    let begun = false
    function settle(how: () => void, ends: boolean): void {
      stop.removeEventListener('abort', onStop)
      client.off('close', onGone)
      // Half of somebody else's answer is not followed by one of ours.
      if (ends && begun) client.end()
      how()
      if (ends) sent.destroy()
    }
    stop.addEventListener('abort', onStop, { once: true })
    client.on('close', onGone)
    sent.on('error', (cause) =>
      settle(() => reject(unreachable(cause)), false),
    )
    sent.on('upgrade', (answer: IncomingMessage, server: Duplex, ahead: Buffer) => {
      server.on('error', () => server.destroy())
      client.write(rawHead(101, { ...heads(answer), connection: 'Upgrade', upgrade: 'websocket' }))
      settle(() => resolve({ server, ahead }), false)
    })
    sent.on('close', () => settle(() => reject(fail('SANDBOX_UNREACHABLE', 'The sandbox closed the connection', { next: 'Acquire again.' })), false))
    sent.on('response', (answer: IncomingMessage) => {
      begun = true
      client.write(rawHead(answer.statusCode ?? 502, { ...heads(answer), connection: 'close' }))
      answer.on('error', () => client.destroy())
      answer.pipe(client, { end: false })
      // Its length may not be known: the end of the connection is the end of the answer.
      answer.on('close', () => settle(() => resolve(null), true))
    })
    sent.end()
  })
}

/** Both ways, until both are closed. */
function joined(client: Duplex, server: Duplex, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let late: NodeJS.Timeout | null = null
    const end = (): void => {
      client.destroy()
      server.destroy()
    }
    const halfOpen = (): void => {
      late ??= setTimeout(end, halfOpenMs)
    }
    const closed = (): void => {
      end()
      if (late) clearTimeout(late)
      stop.removeEventListener('abort', end)
      resolve()
    }
    stop.addEventListener('abort', end, { once: true })
    client.on('end', halfOpen).on('close', closed)
    server.on('end', halfOpen).on('close', closed)
    client.pipe(server)
    server.pipe(client)
    if (stop.aborted || client.destroyed || server.destroyed) end()
  })
}
