import type { OutgoingHttpHeaders } from 'node:http'
import type { Address } from '../../sandbox/sandbox-api.ts'
import { type Identify, presentedToken } from '../auth.ts'
import type { Pass } from './door.ts'
import { cookiePrefix } from './enter.ts'
import { framing, hopByHop } from './hop-by-hop.ts'

/** Always ours to say. */
const ours: ReadonlySet<string> = new Set(['host', 'x-aio-api-key', 'expect', 'http2-settings'])
/** About the page that asks; checked here, and on the path form about another host than the sandbox is told. */
const ofPage: ReadonlySet<string> = new Set(['origin', 'referer', 'sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest', 'sec-fetch-user'])
/** The form of Berth's tokens, anywhere: also one that has been revoked or is another home's is nobody's business inside. */
const likeToken = /e2b_[0-9a-f]{16,}/i

/**
 * What a sandbox is sent of a client's headers: all but those of this connection, those of Berth, and those that would let it
 * be somebody else. A client's own `Authorization` goes on, as programs in a sandbox have logins of their own; one with a token
 * of Berth's does not. `upgrade`: it becomes a WebSocket, without extensions: frames that are not compressed can be read.
 */
export function requestHeaders(
  rawHeaders: readonly string[],
  to: { pass: Pick<Pass, 'id' | 'form' | 'host'>; address: Address; port: number; identify: Identify; upgrade: boolean },
): OutgoingHttpHeaders {
  const base = new URL(to.address.url)
  // An address with a path is another Berth's or a router's: it goes by its own name, and judges pages by it.
  const remote = base.pathname !== '/'
  const dropped = hopByHop(rawHeaders)
  const headers: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const value = rawHeaders[at + 1] ?? ''
    if (dropped.has(name) || framing.has(name) || ours.has(name)) continue
    if (ofPage.has(name) && (to.pass.form === 'path' || remote)) continue
    if ((name === 'authorization' || name === 'x-api-key') && isToken(name, value, to.identify)) continue
    if (to.upgrade && name === 'sec-websocket-extensions') continue
    if (name === 'cookie') join(headers, name, withoutOurs(value), '; ')
    else add(headers, name, value)
  }
  // URLs that the sandbox makes of its Host can then be opened in a browser.
  headers['host'] = remote ? base.host : to.pass.form === 'browser' ? to.pass.host : `${to.pass.id}.localhost:${to.port}`
  if (to.address.key !== null) headers['x-aio-api-key'] = to.address.key
  if (base.username || base.password) headers['authorization'] = basic(base)
  if (to.upgrade) {
    headers['connection'] = 'Upgrade'
    headers['upgrade'] = 'websocket'
  }
  return headers
}

/** As one has to be sent with this body. A GET with a body and no length would otherwise be sent without any framing. */
export function bodyHeaders(headers: { readonly 'content-length'?: string | undefined; readonly 'transfer-encoding'?: string | undefined }): OutgoingHttpHeaders {
  if (headers['transfer-encoding'] !== undefined) return { 'transfer-encoding': 'chunked' }
  return headers['content-length'] === undefined ? {} : { 'content-length': headers['content-length'] }
}

function add(headers: Record<string, string | string[]>, name: string, value: string): void {
  const known = headers[name]
  headers[name] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value]
}

function join(headers: Record<string, string | string[]>, name: string, value: string, by: string): void {
  if (value === '') return
  const known = headers[name]
  headers[name] = typeof known === 'string' ? `${known}${by}${value}` : value
}

function isToken(name: 'authorization' | 'x-api-key', value: string, identify: Identify): boolean {
  const shown = presentedToken({ [name]: value })
  if (shown !== null && identify(shown) !== null) return true
  const encoded = /^basic +(\S+)/i.exec(value)?.[1]
  return likeToken.test(value) || (encoded !== undefined && likeToken.test(Buffer.from(encoded, 'base64').toString('latin1')))
}

function withoutOurs(cookie: string): string {
  return cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && !pair.toLowerCase().startsWith(cookiePrefix))
    .join('; ')
}

function basic(base: URL): string {
  const pair = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
