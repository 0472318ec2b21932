import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { abortError, onAbort } from '../../../../shared/abort.ts'
import { fail } from '../../../../shared/errors.ts'
import type { Visit } from '../../../core/provider-api.ts'
import type { Identify } from '../../../house/tokens/caller.ts'
import { gone } from '../../http/body.ts'
import type { Pass } from './access.ts'
import { bodyHeaders, requestHeaders, responseHeaders } from './headers.ts'
import { answerHeaders, type Upstream } from './upstream.ts'

/** What the sandbox port puts up with, milliseconds. How long a whole request takes is not limited: commands run for hours. */
export interface SandboxPortLimits {
  /** A whole request head must be there by then. */
  readonly head: number
  /** Longest silence within a request body that the sandbox is ready to read. */
  readonly bodyIdle: number
  /** For answers under way when the port closes. */
  readonly closing: number
}

export const defaultLimits: SandboxPortLimits = { head: 10_000, bodyIdle: 120_000, closing: 1000 }

export interface Exchanging {
  readonly pass: Pass
  readonly visit: Visit
  readonly upstream: Upstream
  readonly port: number
  readonly identify: Identify
  readonly limits: SandboxPortLimits
  /** The client is gone, or the sandbox, or the port closes, or this address was ended. */
  readonly signal: AbortSignal
}

/** Repeating these changes nothing, so one that met a connection which was just being closed is sent once more. */
const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * One request to a sandbox and its answer, both as streams: whoever reads slowly slows the other side. Resolves when the
 * answer is through. Rejects with what is to be answered, or, once an answer has begun, with why it breaks off.
 */
export async function exchange(request: IncomingMessage, response: ServerResponse, deps: Exchanging): Promise<void> {
  const { visit, signal: stop } = deps
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  for (let tries = 1; ; tries += 1) {
    if (stop.aborted) throw abortError(stop)
    const { sent, host } = begin(request, deps, tries > 1)
    try {
      const answer = await answered(request, sent, { hasBody, stop, visit, limits: deps.limits })
      visit.touch()
      visit.streaming()
      await passOn(response, { answer, sent, deps, host })
      return
    } catch (error) {
      sent.destroy()
      if (stop.aborted) throw abortError(stop)
      if (tries === 1 && sent.reusedSocket && !hasBody && !response.headersSent && repeatable.has(request.method ?? '')) continue
      throw error
    }
  }
}

function begin(request: IncomingMessage, { pass, visit, upstream, port, identify }: Exchanging, fresh: boolean): { sent: ClientRequest; host: string } {
  const encoding = request.headers['transfer-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    throw fail('BAD_INPUT', 'This transfer coding is not known here', { next: 'Send the body chunked, or with its length.' })
  }
  const headers = requestHeaders(request.rawHeaders, { pass, address: visit.address, port, identify, upgrade: false })
  const sent = upstream.request(visit.address.url, {
    method: request.method ?? 'GET',
    target: pass.target,
    headers: { ...headers, ...bodyHeaders(request.headers) },
    fresh,
  })
  return { sent, host: String(headers['host']) }
}

/** Sends the body and resolves with the head of the answer, which may come before the body has ended. */
function answered(
  request: IncomingMessage,
  sent: ClientRequest,
  { hasBody, stop, visit, limits }: { hasBody: boolean; stop: AbortSignal; visit: Visit; limits: SandboxPortLimits },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const silence = setTimeout(() => {
      // A sandbox that does not read keeps its client waiting, not the other way round.
      if (request.complete || request.isPaused()) silence.refresh()
      else settle(() => reject(fail('TIMEOUT', `No byte of the body for ${limits.bodyIdle / 1000} s`, { next: 'Send it without such pauses.' })))
    }, limits.bodyIdle)
    const onData = (): void => {
      silence.refresh()
      visit.touch()
    }
    let unlisten = (): void => undefined
    function settle(how: () => void): void {
      unlisten()
      how()
    }
    sent.on('close', () => {
      clearTimeout(silence)
      request.off('data', onData).unpipe(sent)
      settle(() => reject(unreachable(new Error('the connection was closed'))))
    })
    sent.on('response', (answer: IncomingMessage) => settle(() => resolve(answer)))
    // Stays: what a request throws after its answer has begun is told by the answer.
    sent.on('error', (cause: Error) => settle(() => reject(unreachable(cause))))
    unlisten = onAbort(stop, () => settle(() => reject(abortError(stop))))
    if (hasBody) request.on('data', onData).pipe(sent)
    else sent.end()
  })
}

interface Answering {
  readonly answer: IncomingMessage
  readonly sent: ClientRequest
  readonly deps: Exchanging
  readonly host: string
}

function passOn(response: ServerResponse, { answer, sent, deps, host }: Answering): Promise<void> {
  const { visit, pass, signal: stop } = deps
  const headers = responseHeaders(answer.rawHeaders, { pass, sentHost: host })
  try {
    response.writeHead(answer.statusCode ?? 502, headers)
  } catch (cause) {
    throw noHttp(cause)
  }
  // A stream that says nothing yet is one all the same.
  response.flushHeaders()
  return new Promise((resolve, reject) => {
    let unlisten = (): void => undefined
    function settle(how: () => void): void {
      unlisten()
      answer.unpipe(response)
      // Nobody reads the rest of a body whose answer is through.
      if (!sent.writableFinished) sent.destroy()
      how()
    }
    unlisten = onAbort(stop, () => settle(() => reject(abortError(stop))))
    answer.on('data', () => visit.touch())
    answer.on('error', (cause) => settle(() => reject(unreachable(cause))))
    answer.on('close', () => {
      if (!answer.complete) settle(() => reject(unreachable(new Error('the answer broke off'))))
    })
    response.on('finish', () => settle(resolve))
    response.on('close', () => settle(() => (response.writableFinished ? resolve() : reject(gone()))))
    answer.pipe(response)
  })
}

/** What a connection failed of. A program whose answers are no HTTP will go on so: that is no failure to wait out. */
export function unreachable(cause: Error & { readonly code?: string }): Error {
  if (cause.code === 'HPE_HEADER_OVERFLOW') {
    return fail('BAD_ANSWER', `What answers in the sandbox sent more than ${answerHeaders / 1024} KiB of headers`, {
      next: 'Let the program there send fewer or shorter ones (cookies, mostly); data belongs into the body.',
      details: { limit: answerHeaders },
      cause,
    })
  }
  if (cause.code?.startsWith('HPE_')) return noHttp(cause)
  return fail('SANDBOX_UNREACHABLE', `The sandbox does not answer: ${cause.message || 'the connection failed'}`, {
    next: 'Acquire again: a sandbox that ended is replaced, and keeps its address.',
    cause,
  })
}

function noHttp(cause: unknown): Error {
  return fail('BAD_ANSWER', 'What answers in the sandbox sent a head that is no HTTP/1.1', {
    next: 'Look at the program that answers there, and at its own log.',
    cause,
  })
}
