import { type IncomingMessage, type OutgoingHttpHeaders, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { abortError, onAbort } from '../../../../shared/abort.ts'
import { fail } from '../../../../shared/errors.ts'
import { gone } from '../../http/body.ts'
import { type Exchanging, unreachable } from './exchange.ts'
import { requestHeaders, responseHeaders } from './headers.ts'

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
    let unlisten = (): void => undefined
    const onGone = (): void => settle(() => reject(gone()), true)
    let begun = false
    function settle(how: () => void, ends: boolean): void {
      unlisten()
      client.off('close', onGone)
      // Half of somebody else's answer is not followed by one of ours.
      if (ends && begun) client.end()
      how()
      if (ends) sent.destroy()
    }
    unlisten = onAbort(stop, () => settle(() => reject(abortError(stop)), true))
    client.on('close', onGone)
    sent.on('error', (cause) => settle(() => reject(unreachable(cause)), false))
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
      unlisten()
      resolve()
    }
    client.on('end', halfOpen).on('close', closed)
    server.on('end', halfOpen).on('close', closed)
    client.pipe(server)
    server.pipe(client)
    const unlisten = onAbort(stop, end)
    if (client.destroyed || server.destroyed) end()
  })
}

/** Longest text that is looked into: the answer to a terminal's sign of life is shorter. */
const lookedInto = 256

/**
 * Tells which of a WebSocket client's bytes somebody meant (RFC 6455 framing). Not: control frames, which browsers answer
 * by themselves, and `{"type":"pong"…}`, with which a terminal's page answers its server every few seconds. Called with each
 * chunk in order; what is no frame counts as meant.
 */
export function frameWatch(): (chunk: Buffer) => boolean {
  let head: number[] = []
  let need = 2
  let left = 0
  let frame = { counts: false, mask: [0, 0, 0, 0], text: null as number[] | null }

  function headDone(): void {
    const [first = 0, second = 0] = head
    const short = second & 127
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0
    const masked = (second & 128) !== 0
    const whole = 2 + extended + (masked ? 4 : 0)
    if (head.length < whole) {
      need = whole
      return
    }
    left = extended === 0 ? short : head.slice(2, 2 + extended).reduce((sum, byte) => sum * 256 + byte, 0)
    const opcode = first & 15
    const text = opcode === 1 && (first & 128) !== 0 && left <= lookedInto
    frame = { counts: opcode < 8 && !text, mask: masked ? head.slice(-4) : [0, 0, 0, 0], text: text ? [] : null }
    head = []
    need = 2
  }

  /** Whether the text of a frame that just ended is more than a sign of life. */
  function meant(): boolean {
    if (frame.text === null) return frame.counts
    const text = String.fromCharCode(...frame.text.map((byte, at) => byte ^ (frame.mask[at % 4] ?? 0)))
    return !/^\s*\{\s*"type"\s*:\s*"pong"/.test(text)
  }

  return (chunk) => {
    let counts = false
    for (let at = 0; at < chunk.length;) {
      if (left === 0) {
        head.push(chunk[at++] ?? 0)
        if (head.length < need) continue
        headDone()
        if (head.length === 0 && left === 0) counts ||= meant()
        continue
      }
      const take = Math.min(left, chunk.length - at)
      frame.text?.push(...chunk.subarray(at, at + take))
      at += take
      left -= take
      if (frame.text === null ? take > 0 : left === 0) counts ||= meant()
    }
    return counts
  }
}

/** A head on a connection that is no longer node:http's. */
function rawHead(status: number, headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).flatMap(([name, value]) => (Array.isArray(value) ? value : [value ?? '']).map((one) => `${name}: ${String(one)}\r\n`))
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${lines.join('')}\r\n`
}
