import type { CallArgs, CallChunk, CallName, CallResult } from '../../shared/contract.ts'
import type { CallContext } from './context.ts'

/** Does one call: gets validated arguments, throws a BerthError. */
export type Handler<K extends CallName> = (args: CallArgs<K>, context: CallContext<CallChunk<K>>) => Promise<CallResult<K>>

/** One handler for every row of the contract: a missing one does not type-check. */
export type Handlers = { readonly [K in CallName]: Handler<K> }
