import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { type BerthError, fail } from '../../../shared/errors.ts'

/** Names by which this machine may be called in a Host header, beside the loopback ones. Lower case, IPv6 in brackets. */
export interface Hosts {
  readonly names: ReadonlySet<string>
  readonly everywhere: boolean
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])
const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

const loopbackOnly: Hosts = { names: new Set(), everywhere: false }

/** `listen`: further addresses that are listened on; `named`: what URLs that Berth gives out have as their host. */
export function hostsOf(listen: readonly string[], named: string | null): Hosts {
  const names = [...listen.filter((address) => !isWildcard(address)), ...(named === null ? [] : [named])]
  return { names: new Set(names.map(asHost)), everywhere: listen.some(isWildcard) }
}

/** Whether it stands for every network that this machine is in. */
export function isWildcard(address: string): boolean {
  return wildcards.has(address) || /^[0:]+$/.test(address)
}

/** As it stands in a URL. */
export function asHost(name: string): string {
  const host = name.toLowerCase()
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

/** The name in a Host header, without its port; null where it is none. */
export function nameIn(header: string | undefined): string | null {
  const [, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/i.exec(header ?? '') ?? []
  return name?.toLowerCase() ?? null
}

/**
 * Whether a Host header names this machine; by name and not by port, so that `ssh -L` to any port works. Where every network
 * is listened on, the address itself counts on which the connection came: a page that rebinds a name cannot make a
 * browser send an address.
 */
export function namesUs(name: string, hosts: Hosts, local: string | undefined): boolean {
  if (loopback.has(name) || hosts.names.has(name)) return true
  return hosts.everywhere && local !== undefined && name === asHost(local.replace(/^::ffff:/i, ''))
}

/** For `CallContext.via`, of a Host that was let in. */
export function viaOf(header: string | undefined): string | undefined {
  const name = nameIn(header)
  return name === null || loopback.has(name) ? undefined : name
}

type Head = Pick<IncomingMessage, 'headers' | 'headersDistinct' | 'socket'>

/**
 * Why a request may come from a page that somebody else wrote, or null. Checked before anything else of it is looked at:
 * a rebound name arrives with a foreign Host, a foreign page with its Origin, and a browser's own requests say where
 * they come from in Sec-Fetch-Site.
 */
export function refuse(request: Head, hosts: Hosts = loopbackOnly): BerthError | null {
  const host = onlyHost(request)
  const name = nameIn(host)
  if (host === undefined || name === null || !namesUs(name, hosts, request.socket.localAddress)) return badHost()
  return refusePage(request, host)
}

/** The one Host header. node:http keeps the first of two and drops the other silently; only the distinct form shows both. */
export function onlyHost(request: Pick<Head, 'headersDistinct'>): string | undefined {
  const hosts = request.headersDistinct['host'] ?? []
  return hosts.length === 1 ? hosts[0] : undefined
}

export function badHost(): BerthError {
  return fail('BAD_HOST', 'The Host header does not name this machine', {
    next: 'Use 127.0.0.1, localhost or [::1] in the address; `bridge.listen` allows further ones.',
  })
}

/** Why a browser may ask on behalf of a page that is not from this very host, or null. */
export function refusePage(request: Pick<Head, 'headers' | 'headersDistinct'>, host: string): BerthError | null {
  const origins = request.headersDistinct['origin'] ?? []
  if (origins.length > 1 || (origins[0] !== undefined && origins[0].toLowerCase() !== `http://${host.toLowerCase()}`)) {
    return fail('BAD_ORIGIN', 'A page of another origin asked', { next: 'Pages of other sites cannot use Berth; call it from a program.' })
  }
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return fail('BAD_ORIGIN', `A browser asked on behalf of another site (${String(site).slice(0, 40)})`, {
      next: 'Pages of other sites cannot use Berth; call it from a program.',
    })
  }
  return null
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
