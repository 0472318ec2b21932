import type { OutgoingHttpHeaders } from 'node:http'
import type { Pass } from './door.ts'
import { cookiePrefix } from './enter.ts'
import { framing, hopByHop } from './hop-by-hop.ts'

/** A sandbox may not widen what its workers reach, and may not say where this port is served otherwise. */
const never: ReadonlySet<string> = new Set(['service-worker-allowed', 'alt-svc', 'strict-transport-security', 'referrer-policy'])
/** Would speak for all sandboxes at once, on the origin that they share. */
const notForPrograms: ReadonlySet<string> = new Set(['clear-site-data', 'nel', 'report-to', 'reporting-endpoints'])

/** What a client is sent of a sandbox's headers. */
export function responseHeaders(
  rawHeaders: readonly string[],
  to: { pass: Pick<Pass, 'form' | 'prefix'>; sentHost: string },
): OutgoingHttpHeaders {
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
  const path = attributes.findLast((it) => named(it) === 'path')?.split('=')[1]?.trim() ?? ''
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
