import type { Scope } from '../../../shared/call.ts'

/** What an agent's token may touch. Whatever its bounds, an anonymous sandbox belongs to the client that made it. */
export interface Bounds {
  /** Threads that begin so; '' is all of them. */
  readonly threadPrefix: string
  /** Threads of this user; null: of all. */
  readonly user: string | null
}

/** Who a token belongs to. */
export interface Caller {
  readonly name: string
  readonly scope: Scope
  /** What an agent may touch; null: everything. */
  readonly bounds: Bounds | null
  /** Aborts when the token is revoked: whatever still runs for it ends. Never, for the home's own. The reason is a BerthError. */
  readonly revoked: AbortSignal
}

/** Tells whose token it is; null: nobody's. Takes the same time for all that are wrong. */
export type Identify = (token: string) => Caller | null

/** Who a key is of; of a person's browser, which session. */
export interface KeyHolder {
  readonly caller: Caller
  readonly session: string | null
}
