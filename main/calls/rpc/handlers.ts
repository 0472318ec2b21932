import type { CallArgs, CallChunk, CallName, CallResult } from '../../../shared/contract.ts'
import type { Scope } from '../../../shared/call.ts'
import type { AcquireRequest } from '../../core/provider-api.ts'
import type { Bounds } from '../../house/tokens/caller.ts'

/** Does one call: gets validated arguments, throws a BerthError. */
export type Handler<K extends CallName> = (args: CallArgs<K>, context: CallContext<CallChunk<K>>) => Promise<CallResult<K>>

/** One handler for every row of the contract: a missing one does not type-check. */
export type Handlers = { readonly [K in CallName]: Handler<K> }

/** What only a protocol of another house asks of an acquire; see `AcquireRequest` for what each means. */
export type AcquireTerms = Pick<AcquireRequest, 'anonymousId' | 'provisionalMs' | 'onlyExisting' | 'extraMounts'>

/** Who calls, and how to reach them while the call runs. Made by a transport, one for each call. */
export interface CallContext<Chunk = never> {
  readonly scope: Scope
  /** The token's name; `master` for the home's own. Default holder of what the call acquires. */
  readonly client: string
  /** What it may touch, from its token; null: everything. */
  readonly bounds: Bounds | null
  /** For the event log: `client:<token>`. */
  readonly who: string
  /** Aborted when the caller is gone or Berth closes; the reason is a BerthError. */
  readonly signal: AbortSignal
  /** Absent: the caller does not stream. Awaited by whoever emits, so that a slow reader slows the source. */
  readonly emit?: (chunk: Chunk) => Promise<void>
  /** Name or address by which the caller reached Berth, where that is not loopback: what it is told to call has it as well. */
  readonly via?: string | undefined
  /** What the caller's program says it is (`User-Agent`). */
  readonly agent?: string | undefined
  /** Set by a route that speaks another protocol, never from what a caller sends: how the acquire is meant there. */
  readonly terms?: AcquireTerms
  readonly transport: 'http' | 'mcp' | 'socket' | 'ipc' | 'process'
}

/** Names the caller in an event, with the hold it acts for where that is not simply the caller's own. */
export function whoFor(context: Pick<CallContext, 'client' | 'who'>, holder: string): string {
  return holder === context.client ? context.who : `${context.who} holder:${holder}`
}
