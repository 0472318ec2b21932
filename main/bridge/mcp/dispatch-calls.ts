import type { CallChunk, CallName, CallResult } from '../../../shared/contract.ts'
import type { EngineCalls } from '../../mcp/engine-calls.ts'
import type { Dispatch } from '../../rpc/dispatch.ts'
import type { Caller } from '../auth.ts'

/** The calls of whoever has this token, for as long as an MCP session lives: through the one door, with the token's own rights. */
export function dispatchCalls(dispatch: Dispatch, caller: Caller): EngineCalls {
  return {
    async call(name, input, { signal, onChunk } = {}) {
      const context = {
        scope: caller.scope,
        client: caller.name,
        bounds: caller.bounds,
        who: `client:${caller.name}`,
        transport: 'mcp',
        signal: signal ?? new AbortController().signal,
        ...(onChunk ? { emit: async (chunk: unknown) => await onChunk(chunk as CallChunk<CallName> as never) } : {}),
      } as const
      return (await dispatch(context, name, input)) as CallResult<typeof name>
    },
  }
}
