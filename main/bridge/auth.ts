import type { IncomingHttpHeaders } from 'node:http'
import type { Scope } from '../../shared/call.ts'
import type { Bounds } from '../rpc/context.ts'

/** Who a token belongs to. */
export interface Caller {
  readonly name: string
  readonly scope: Scope
  /** What an agent may touch; null: everything. */
  readonly bounds: Bounds | null
  /** Aborts when the token is revoked: whatever still runs for it ends. Never, for the home's own. The reason is a BerthError. */
  readonly revoked: AbortSignal
}

/** Tells whose token it is; null: nobody's. Takes the same time for all that are wrong. */
export type Identify = (token: string) => Caller | null

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
