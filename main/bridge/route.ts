import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BerthError } from '../../shared/errors.ts'
import type { Caller } from './auth.ts'
import type { Target } from './target.ts'

/** A request that passed the guard. */
export interface Exchange {
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
export interface Ask { readonly method: string; readonly path: string; readonly accept: string | undefined }

/** One shop on the bridge. It knows no other; the first that takes a path answers it. */
export interface Route {
  takes(ask: Ask): boolean
  /** Whether it answers without a token. */
  open(path: string): boolean
  /** Answers, or throws what the bridge then answers with. */
  answer(exchange: Exchange): Promise<void>
  /** Sends an error in this route's own form, a missing token included; without it, in Berth's. */
  refuse?(response: ServerResponse, error: BerthError): void
}
