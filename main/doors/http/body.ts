import type { IncomingMessage } from 'node:http'
import { fail } from '../../../shared/errors.ts'
import { deepestJson, parseJson, TooDeep } from '../../../shared/parse-json.ts'

/** What the bridge puts up with. Milliseconds and bytes. */
export interface Limits {
  /** A whole request head must be there by then. */
  readonly head: number
  /** Longest silence within a body. */
  readonly bodyIdle: number
  /** A whole request, body included. */
  readonly request: number
  readonly bodyBytes: number
  /** Between two signs of life on a silent event stream. */
  readonly heartbeat: number
  /** MCP clients that have shaken hands, at once. */
  readonly mcpSessions: number
  /** An MCP session without any request for so long has ended. */
  readonly mcpIdle: number
  /** An MCP client whose connections are all gone for so long holds nothing any more; its session goes on. */
  readonly mcpGone: number
  /** For answers under way when the bridge closes. */
  readonly closing: number
}

export const defaultLimits: Limits = {
  head: 10_000,
  bodyIdle: 30_000,
  request: 600_000,
  // A command of 16 MiB in JSON, in which a quote or the end of a line takes two bytes.
  bodyBytes: 37_748_736,
  heartbeat: 15_000,
  mcpSessions: 200,
  mcpIdle: 3_600_000,
  mcpGone: 60_000,
  closing: 3000,
}

/** A JSON body; none at all is null. Bounded in size and in silence. */
export async function readJson(request: IncomingMessage, limits: Limits): Promise<unknown> {
  const length = Number(request.headers['content-length'] ?? Number.NaN)
  if (length > limits.bodyBytes) throw tooLarge(limits)
  const empty = request.headers['transfer-encoding'] === undefined && !(length > 0)
  if (empty) return null
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw fail('UNSUPPORTED_MEDIA_TYPE', 'A body must be JSON', { next: 'Send `Content-Type: application/json`.' })
  }
  if (request.headers['content-encoding'] !== undefined && request.headers['content-encoding'] !== 'identity') {
    throw fail('UNSUPPORTED_MEDIA_TYPE', 'A body must not be compressed', { next: 'Leave `Content-Encoding` out.' })
  }
  const bytes = await readBytes(request, limits)
  if (bytes.byteLength === 0) return null
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    if (cause instanceof TooDeep) throw fail('BAD_INPUT', cause.message, { next: 'Send flatter JSON.', details: { reason: 'too-deep', limit: deepestJson } })
    throw fail('BAD_INPUT', 'The body is not JSON', { next: 'Send one JSON object in UTF-8.', details: { reason: 'not-json' }, cause })
  }
}

function readBytes(request: IncomingMessage, limits: Limits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    const idle = setTimeout(() => {
      settle(() => reject(fail('TIMEOUT', `No byte of the body for ${limits.bodyIdle / 1000} s`, { next: 'Send the whole body at once.' })))
    }, limits.bodyIdle)

    function onData(part: Buffer): void {
      size += part.byteLength
      if (size > limits.bodyBytes) {
        settle(() => reject(tooLarge(limits)))
        return
      }
      parts.push(part)
      idle.refresh()
    }
    const onEnd = (): void => settle(() => resolve(Buffer.concat(parts, size)))
    const onGone = (): void => settle(() => reject(gone()))
    function settle(how: () => void): void {
      clearTimeout(idle)
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone)
      // What still comes must neither fill memory nor end the process.
      request.on('error', () => undefined).pause()
      how()
    }
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
  })
}

/** The reason of a call whose caller left. */
export function gone(): Error {
  return fail('CANCELLED', 'The caller went away', { next: 'Call again.' })
}

function tooLarge(limits: Limits): Error {
  return fail('TOO_LARGE', `The body is larger than ${limits.bodyBytes} bytes`, {
    next: 'Send less at once; a large file goes in parts with `append`.',
  })
}
