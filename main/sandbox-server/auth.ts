import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Seconds for which a ticket opens what cannot send a header (a page, a WebSocket). */
const ticketSeconds = 30

export interface Gate {
  /** Whether no key is set: then everybody is let in. */
  readonly open: boolean
  allows(request: IncomingMessage, query: URLSearchParams): boolean
  ticket(): { ticket: string; expires_in: number }
}

export function gate(key: string | null, now: () => number): Gate {
  const wanted = key ? digest(key) : null
  const tickets = new Map<string, number>()
  const fresh = (ticket: string | null): boolean => {
    if (!ticket) return false
    for (const [each, until] of tickets) if (until < now()) tickets.delete(each)
    return tickets.has(ticket)
  }
  return {
    open: wanted === null,
    allows: (request, query) => {
      if (!wanted) return true
      // Every place is looked at: a proxy may add its key beside what the client sent.
      return offered(request, query).some((each) => timingSafeEqual(digest(each), wanted)) || fresh(query.get('ticket'))
    },
    ticket: () => {
      const ticket = randomBytes(24).toString('hex')
      tickets.set(ticket, now() + ticketSeconds * 1000)
      return { ticket, expires_in: ticketSeconds }
    },
  }
}

/** Digests have one length, so that the comparison takes the same time whatever was offered. */
function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest()
}

function offered(request: IncomingMessage, query: URLSearchParams): string[] {
  const keys = [...(request.headersDistinct['x-aio-api-key'] ?? []), ...query.getAll('api_key')]
  for (const header of request.headersDistinct['authorization'] ?? []) {
    const bearer = /^Bearer +(\S+) *$/i.exec(header)?.[1]
    if (bearer) keys.push(bearer)
  }
  return keys
}
