import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Call } from './served-call.ts'
import type { Reply } from './reply.ts'

export type Handler = (call: Call) => Reply | Promise<Reply>

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** `{}` stands for one path segment. */
  readonly path: string
  /** Whether such a call means that somebody works here; what only looks does not. */
  readonly activity: boolean
  readonly summary: string
  readonly handle: Handler
}

export interface Found {
  readonly route: Route
  readonly params: readonly string[]
}

export interface Router {
  find(method: string, path: string): Found | null
}

/** The work of an agent. */
export function work(method: Route['method'], path: string, summary: string, handle: Handler): Route {
  return { method, path, summary, handle, activity: true }
}

/** A look from outside, which keeps no sandbox alive. */
export function look(method: Route['method'], path: string, summary: string, handle: Handler): Route {
  return { method, path, summary, handle, activity: false }
}

export function router(routes: readonly Route[]): Router {
  const fixed = new Map<string, Route>()
  const open: { route: Route; parts: readonly string[] }[] = []
  for (const route of routes) {
    if (route.path.includes('{}')) open.push({ route, parts: route.path.split('/') })
    else fixed.set(`${route.method} ${route.path}`, route)
  }
  return {
    find: (method, path) => {
      const route = fixed.get(`${method} ${path}`)
      if (route) return { route, params: [] }
      const parts = path.split('/')
      for (const each of open) {
        if (each.route.method !== method) continue
        const params = match(each.parts, parts)
        if (params) return { route: each.route, params }
      }
      return null
    },
  }
}

function match(pattern: readonly string[], parts: readonly string[]): string[] | null {
  if (pattern.length !== parts.length) return null
  const params: string[] = []
  for (const [index, want] of pattern.entries()) {
    const part = parts[index] ?? ''
    if (want !== '{}') {
      if (want !== part) return null
      continue
    }
    const decoded = decode(part)
    if (!decoded) return null
    params.push(decoded)
  }
  return params
}

/** A malformed escape names nothing: the route is not found. */
function decode(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}

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
