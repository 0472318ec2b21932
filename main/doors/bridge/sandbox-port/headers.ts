import type { OutgoingHttpHeaders } from 'node:http'
import type { Address } from '../../../sandbox/sandbox-api.ts'
import { presentedToken } from '../../http/guard.ts'
import type { Identify } from '../../../house/tokens/caller.ts'
import { cookiePrefix, type Pass } from './access.ts'

/** Of one connection only (RFC 9110 7.6.1), and what clients wrongly take for such. */
const always = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'upgrade']

/** How long a message is: never passed on as it came, always said anew for what is really sent. */
const framing: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

/** Named in `Connection`, these stay: removing them would change what a message is, not how it travels. */
const essential: ReadonlySet<string> = new Set(['host', 'content-type', 'content-encoding', 'cookie', 'authorization', 'set-cookie', 'location'])

/** Names of the headers of a message that end here; `rawHeaders` as node:http gives them. */
function hopByHop(rawHeaders: readonly string[]): ReadonlySet<string> {
  const names = new Set(always)
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== 'connection') continue
    for (const token of (rawHeaders[at + 1] ?? '').split(',')) {
      const name = token.trim().toLowerCase()
      if (!essential.has(name)) names.add(name)
    }
  }
  return names
}

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
export function bodyHeaders(headers: {
  readonly 'content-length'?: string | undefined
  readonly 'transfer-encoding'?: string | undefined
}): OutgoingHttpHeaders {
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

/** A sandbox may not widen what its workers reach, and may not say where this port is served otherwise. */
const never: ReadonlySet<string> = new Set(['service-worker-allowed', 'alt-svc', 'strict-transport-security', 'referrer-policy'])
/** Would speak for all sandboxes at once, on the origin that they share. */
const notForPrograms: ReadonlySet<string> = new Set(['clear-site-data', 'nel', 'report-to', 'reporting-endpoints'])

/** What a client is sent of a sandbox's headers. */
export function responseHeaders(rawHeaders: readonly string[], to: { pass: Pick<Pass, 'form' | 'prefix'>; sentHost: string }): OutgoingHttpHeaders {
  const { pass } = to
  const program = pass.form === 'path'
  const dropped = hopByHop(rawHeaders)
  const headers: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  let length: string | null = null
  let chunked = false
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const value = rawHeaders[at + 1] ?? ''
    if (name === 'content-length') length = value
    if (name === 'transfer-encoding') chunked = true
    if (dropped.has(name) || framing.has(name) || never.has(name) || (program && notForPrograms.has(name))) continue
    if (name === 'set-cookie') {
      const cookie = cookieOut(value, pass)
      if (cookie !== null) headers[name] = [...listed(headers[name]), cookie]
    } else if (program && (name === 'location' || name === 'content-location')) headers[name] = locationOut(value, pass.prefix, to.sentHost)
    else headers[name] = headers[name] === undefined ? value : [...listed(headers[name]), value]
  }
  if (length !== null && !chunked) headers['content-length'] = length
  headers['referrer-policy'] = 'no-referrer'
  headers['cross-origin-resource-policy'] ??= 'same-origin'
  if (program) {
    // Should a browser run it after all: in an origin of its own, which nothing else has.
    headers['content-security-policy'] = [...listed(headers['content-security-policy']), 'sandbox']
    headers['x-content-type-options'] = 'nosniff'
  }
  return headers
}

function listed(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

/**
 * A sandbox's cookie: for its own host only, and not one of Berth's names. All sandboxes share the path form's host, so there
 * it is bound to the prefix.
 */
function cookieOut(cookie: string, pass: Pick<Pass, 'form' | 'prefix'>): string | null {
  const [pair = '', ...attributes] = cookie.split(';')
  if (pair.trim().toLowerCase().replace(/^=/, '').startsWith(cookiePrefix)) return null
  const named = (attribute: string) => attribute.split('=', 1)[0]?.trim().toLowerCase()
  if (attributes.some((it) => named(it) === 'domain')) return null
  if (pass.form === 'browser') return cookie
  const path =
    attributes
      .findLast((it) => named(it) === 'path')
      ?.split('=')[1]
      ?.trim() ?? ''
  const kept = attributes.filter((it) => named(it) !== 'path')
  return [pair, ...kept, ` Path=${pass.prefix}${path.startsWith('/') ? path : '/'}`].join(';')
}

/**
 * A redirect to its own host or root, which on the path form lies below the prefix. Own is whatever a client would take for it:
 * with a scheme or without (`//host/path`), with a name and password, its port said or left out. What is relative stays.
 */
function locationOut(location: string, prefix: string, sentHost: string): string {
  const [, scheme, , host, rest = ''] = /^(?:(https?):)?([/\\]{2})(?:[^@/?#\\]*@)?([^/?#\\]*)(.*)$/is.exec(location) ?? []
  if (host === undefined) return /^[/\\]/.test(location) ? `${prefix}/${location.slice(1)}` : location
  const plain = (name: string) => name.toLowerCase().replace(scheme?.toLowerCase() === 'https' ? /:443$/ : /:80$/, '')
  if (plain(host) !== plain(sentHost)) return location
  return /^[/\\]/.test(rest) ? `${prefix}/${rest.slice(1)}` : `${prefix}/${rest}`
}
