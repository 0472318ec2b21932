import type { IncomingMessage } from 'node:http'
import { type BerthError, fail } from '../../shared/errors.ts'

type Head = Pick<IncomingMessage, 'headers' | 'headersDistinct'>

/** By name and not by port, so that `ssh -L` to any port works. */
const ownHost = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i

/**
 * Why a request may come from a page that somebody else wrote, or null. Checked before anything else of it is looked at:
 * a rebound name arrives with a foreign Host, a foreign page with its Origin, and a browser's own requests say where
 * they come from in Sec-Fetch-Site.
 */
export function refuse(request: Head): BerthError | null {
  // node:http keeps the first of two Host headers and drops the other silently; only the distinct form shows both.
  const hosts = request.headersDistinct['host'] ?? []
  const host = hosts[0]
  if (host === undefined || hosts.length !== 1 || !ownHost.test(host)) {
    return fail('BAD_HOST', 'The Host header does not name this machine', {
      next: 'Use 127.0.0.1, localhost or [::1] in the address.',
    })
  }
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
