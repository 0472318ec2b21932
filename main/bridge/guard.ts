import type { IncomingMessage } from 'node:http'
import { type BerthError, fail } from '../../shared/errors.ts'
import { type Hosts, loopbackOnly, nameIn, namesUs } from './hosts.ts'

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
