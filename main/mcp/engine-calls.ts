import type { CallInput, CallName, CallResult } from '../../shared/contract.ts'
import type { CallOptions } from '../bridge/client.ts'

/** The contract's calls, whoever does them: the dispatch of this process, or an engine that is reached over its bridge. */
export interface EngineCalls {
  call<K extends CallName>(name: K, input: CallInput<K>, options?: CallOptions<K>): Promise<CallResult<K>>
}
