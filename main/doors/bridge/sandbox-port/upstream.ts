import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type OutgoingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { fail } from '../../../../shared/errors.ts'

/**
 * How long an unused connection to a sandbox is kept. Less than the 5 s after which common servers close theirs without
 * saying so: a POST that meets such a close cannot be sent again.
 */
const keptMs = 4000

/** Headers of one answer, in bytes: sixteen times what node:http would take, as programs that collect cookies send. */
export const answerHeaders = 262_144

/** Connections to sandboxes: kept, of our own, and never by a proxy of the environment. */
export interface Upstream {
  /** Begins a request to an address; throws BAD_INPUT where it cannot be sent as it is. */
  request(url: string, how: { method: string; target: string; headers: OutgoingHttpHeaders; fresh?: boolean }): ClientRequest
  close(): void
}

export function openUpstream(): Upstream {
  const agents = { 'http:': new HttpAgent({ keepAlive: true, timeout: keptMs }), 'https:': new HttpsAgent({ keepAlive: true, timeout: keptMs }) }
  return {
    request(url, { method, target, headers, fresh }) {
      const base = new URL(url)
      const secure = base.protocol === 'https:'
      try {
        return (secure ? httpsRequest : httpRequest)({
          agent: fresh ? false : agents[secure ? 'https:' : 'http:'],
          host: base.hostname.replace(/^\[(.*)\]$/, '$1'),
          port: base.port || (secure ? 443 : 80),
          path: base.pathname.replace(/\/+$/, '') + target,
          method,
          headers,
          maxHeaderSize: answerHeaders,
        })
      } catch (cause) {
        throw fail('BAD_INPUT', 'This request cannot be sent on', { next: 'Send a path and headers of printable characters.', cause })
      }
    },
    close() {
      agents['http:'].destroy()
      agents['https:'].destroy()
    },
  }
}
