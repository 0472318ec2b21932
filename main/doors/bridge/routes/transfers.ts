import { once } from 'node:events'
import { Agent, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { randomBytes } from 'node:crypto'
import { BerthError, fail } from '../../../../shared/errors.ts'
import type { Provider, Visit } from '../../../core/provider-api.ts'
import { sendJson } from '../../http/dialect.ts'
import { onlyMethods, type Route } from '../../http/route.ts'
import type { Ticket, TicketStore } from '../../../house/tokens/sessions.ts'

const prefix = '/tickets/'
/** Silence after which a transfer is given up, in milliseconds. */
const silenceMs = 60_000

/**
 * `/tickets/{secret}`: the bytes of one file in a sandbox, once, streamed through without being held: GET gives the file,
 * PUT writes it. The secret is all it takes: it was got by a call, is good for one file, and is gone with its first use.
 */
export function ticketsRoute(deps: { tickets: TicketStore; enter: Provider['enter'] }): Route {
  return {
    takes: ({ path }) => path.startsWith(prefix),
    open: () => true,
    async answer(exchange) {
      const { method, target, request, response, signal } = exchange
      onlyMethods(exchange, 'GET', 'PUT')
      const secret = target.path.slice(prefix.length)
      if (request.method === 'HEAD' && deps.tickets.peek(secret)) {
        // A look uses nothing up, and starts no transfer.
        response.writeHead(200, { 'content-type': 'application/octet-stream' }).end()
        return
      }
      const ticket = request.method === 'HEAD' ? null : deps.tickets.take(secret, method === 'GET' ? 'download' : 'upload')
      if (!ticket) throw fail('UNAUTHORIZED', 'This ticket is not taken: it was used, or is older than 30 s', { next: 'Ask for a new one.' })
      const visit = await deps.enter(ticket.sandbox, { counts: true, signal })
      const ended = AbortSignal.any([signal, visit.lost])
      try {
        visit.streaming()
        if (method === 'GET') await download(visit, ticket, response, ended)
        else await upload(visit, ticket, request, response, ended)
      } catch (thrown) {
        throw thrown instanceof BerthError ? thrown : await visit.explain(unreachable(thrown))
      } finally {
        visit.leave()
      }
    },
  }
}

async function download(visit: Visit, ticket: Ticket, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const query = new URLSearchParams({ path: ticket.path })
  const upstream = httpRequest(`${visit.address.url}/v1/file/download?${query.toString()}`, { headers: keyOf(visit), agent: false, signal, timeout: silenceMs })
  upstream.on('timeout', () => upstream.destroy(new Error('nothing came for a minute')))
  // After the answer has begun its own stream tells of it; the request's error would be nobody's, and end the engine.
  upstream.on('error', () => undefined)
  upstream.end()
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage]
  if (answer.statusCode !== 200) {
    answer.resume()
    throw refusalOf(answer.statusCode ?? 0, ticket.path)
  }
  const length = answer.headers['content-length']
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${asciiName(ticket.name)}"; filename*=UTF-8''${encodeURIComponent(ticket.name)}`,
    ...(length === undefined ? {} : { 'content-length': length }),
  })
  answer.on('data', () => visit.touch())
  await pipeline(answer, response, { signal })
}

/** As one multipart form, the only form in which every image takes a file of any size. */
async function upload(visit: Visit, ticket: Ticket, request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const boundary = `berth-${randomBytes(12).toString('hex')}`
  const head = Buffer.from(
    `--${boundary}\r\ncontent-disposition: form-data; name="path"\r\n\r\n${ticket.path}\r\n` +
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${asciiName(ticket.name)}"\r\ncontent-type: application/octet-stream\r\n\r\n`,
    'utf8',
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const length = request.headers['content-length']
  const upstream = httpRequest(`${visit.address.url}/v1/file/upload`, {
    // Kept open: who is told `connection: close` closes with its answer, and what was still on its way then tears that down.
    method: 'POST',
    agent: new Agent({ keepAlive: true }),
    signal,
    timeout: silenceMs,
    headers: {
      ...keyOf(visit),
      'content-type': `multipart/form-data; boundary=${boundary}`,
      ...(length === undefined ? {} : { 'content-length': head.byteLength + Number(length) + tail.byteLength }),
    },
  })
  upstream.on('timeout', () => upstream.destroy(new Error('nothing was taken for a minute')))
  upstream.on('error', () => undefined)
  let early = false
  const answered = (once(upstream, 'response') as Promise<[IncomingMessage]>).then(async ([answer]) => {
    early = true
    return { status: answer.statusCode ?? 0, text: await textOf(answer) }
  })
  // Awaited below; whatever fails meanwhile shows itself there.
  answered.catch(() => undefined)
  const write = async (bytes: Buffer): Promise<void> => {
    if (!upstream.write(bytes)) await Promise.race([once(upstream, 'drain', { signal }), answered])
  }
  let sent = 0
  const send = async (): Promise<{ status: number; text: string }> => {
    await write(head)
    // Not destroyed with the loop: a sandbox may refuse half-way, and what it said goes out by this very socket.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (early) return await answered
      visit.touch()
      sent += chunk.byteLength
      await write(chunk)
    }
    // A page that is gone has not sent the file: without its end the sandbox keeps nothing of it.
    if (!request.complete) throw fail('CANCELLED', 'The upload was broken off', { next: 'Send the file again.' })
    upstream.end(tail)
    return await answered
  }
  const { status, text } = await send().finally(() => upstream.destroy())
  if (status !== 200) throw refusalOf(status, ticket.path)
  const { data, success } = JSON.parse(text) as { success?: boolean; data?: { file_size?: number; message?: string } | null }
  if (success !== true || typeof data?.file_size !== 'number') {
    throw fail('FILE_FAILED', `The sandbox did not write ${ticket.path}: ${data?.message ?? 'it does not say why'}`, {
      next: 'Check that the place exists, may be written to, and has room.',
    })
  }
  if (data.file_size !== sent) {
    throw fail('FILE_FAILED', `Of ${sent} bytes the sandbox kept ${data.file_size}`, { next: 'Send the file again.' })
  }
  sendJson(response, 200, { path: ticket.path, size: sent })
}

function keyOf(visit: Visit): Record<string, string> {
  return visit.address.key === null ? {} : { 'x-aio-api-key': visit.address.key }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part)
    if (parts.reduce((sum, it) => sum + it.byteLength, 0) > 65_536) break
  }
  return Buffer.concat(parts).toString('utf8')
}

function refusalOf(status: number, path: string): BerthError {
  if (status === 404) return fail('FILE_NOT_FOUND', `There is no file ${path} in the sandbox`, { next: 'List the directory: it may have been moved.' })
  if (status === 401) return fail('SANDBOX_REFUSED', 'The sandbox does not take our key: it is another one by now', { next: 'Acquire the thread again.' })
  if (status === 403) return fail('FILE_DENIED', `The sandbox may not touch ${path}`, { next: 'Choose a place below /mnt/user-data.' })
  return fail('FILE_FAILED', `The sandbox answered ${status} for ${path}`, { next: 'Its log says more.' })
}

function unreachable(cause: unknown): BerthError {
  return fail('SANDBOX_UNREACHABLE', 'The transfer broke off', { next: 'Try again; a file that was half sent is not kept.', cause })
}

const asciiName = (name: string): string => name.replaceAll(/[^\x20-\x7e]/g, '_').replaceAll(/["\\]/g, '_')
