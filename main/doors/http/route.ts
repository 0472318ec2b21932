import type { IncomingMessage, ServerResponse } from 'node:http'
import { fail } from '../../../shared/errors.ts'
import type { Caller } from '../../house/tokens/caller.ts'
import type { Dialect } from './dialect.ts'

/** A request that passed the guard. */
export interface Exchange {
  /** GET for a HEAD, too; `request.method` has what was sent. */
  readonly method: string
  readonly target: Target
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Null only where the route is open. */
  readonly caller: Caller | null
  /** Aborted when the caller is gone or the bridge closes; the reason is a BerthError. */
  readonly signal: AbortSignal
}

/** What of a request decides which route answers it. */
export interface Ask {
  readonly method: string
  readonly path: string
  readonly accept: string | undefined
}

/** One shop on the bridge. It knows no other; the first that takes a path answers it. */
export interface Route {
  takes(ask: Ask): boolean
  /** Whether it answers without a token. */
  open(path: string): boolean
  /** Answers, or throws what the bridge then answers with. */
  answer(exchange: Exchange): Promise<void>
  /** Of what is spoken here, where that is not Berth's own: the form of whatever fails at its addresses. */
  readonly dialect?: Dialect
}

/**
 * METHOD_NOT_ALLOWED unless it is one of these. HEAD is a GET to every route: the server hands it on as such, and node:http keeps
 * the body back.
 */
export function onlyMethods({ method, target, response }: Exchange, ...allowed: readonly string[]): void {
  if (allowed.includes(method)) return
  response.setHeader('allow', allowed.flatMap((it) => (it === 'GET' ? ['GET', 'HEAD'] : [it])).join(', '))
  throw fail('METHOD_NOT_ALLOWED', `${method} is not for ${target.path}`, { next: `Use ${allowed.join(' or ')}.` })
}

/** A request's target, taken apart. */
interface Target {
  readonly path: string
  readonly query: URLSearchParams
}

/**
 * Only plain absolute paths: no escapes, no empty or dot segments, no absolute form. Nothing here needs one, so whatever
 * would have to be normalised is simply not found. Null: not found.
 */
export function parseTarget(url: string | undefined): Target | null {
  const [, path, query] = /^(\/|(?:\/[A-Za-z0-9_.~-]+)+)(?:\?([^#]*))?$/.exec(url ?? '') ?? []
  if (path === undefined || path.split('/').some((segment) => segment === '.' || segment === '..')) return null
  return { path, query: new URLSearchParams(query ?? '') }
}
