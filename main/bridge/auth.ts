import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Scope } from '../../shared/call.ts'

/** Who a token belongs to. */
export interface Caller { readonly name: string; readonly scope: Scope }

/** Tells whose token it is; null: nobody's. */
export type Identify = (token: string) => Caller | null

/** Knows one token: the home's own, which may do everything. */
export function masterOnly(token: string): Identify {
  const expected = digest(token)
  return (presented) => (timingSafeEqual(digest(presented), expected) ? { name: 'master', scope: 'operator' } : null)
}

/** Equal lengths, whatever was presented: the comparison takes the same time for all. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/**
 * The token a request carries: `Authorization: Bearer`, `X-API-Key`, or `Authorization: Basic` with the token as
 * password, for clients that can only put it into a URL. Null where there is none.
 */
export function presentedToken(headers: IncomingHttpHeaders): string | null {
  const [, scheme, value] = /^(bearer|basic) +(\S+) *$/i.exec(headers.authorization ?? '') ?? []
  if (scheme !== undefined && value !== undefined) {
    if (scheme.toLowerCase() === 'bearer') return value
    const pair = Buffer.from(value, 'base64').toString('utf8')
    const colon = pair.indexOf(':')
    return colon < 0 ? null : pair.slice(colon + 1)
  }
  const key = headers['x-api-key']
  return typeof key === 'string' && key !== '' ? key : null
}
