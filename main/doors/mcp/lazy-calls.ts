import { asBerthError } from '../../../shared/errors.ts'
import type { CallInput, CallName, CallResult } from '../../../shared/contract.ts'
import type { CallOptions } from '../client/client.ts'

export interface OpenedCalls extends EngineCalls {
  close(): void | Promise<void>
}

/**
 * Opens the way to the engine at the first call and not before: MCP clients start servers only to ask what they can do. An
 * engine that went away is looked for again by the next call.
 */
export function lazyCalls(open: () => Promise<OpenedCalls>): EngineCalls & { close(): Promise<void> } {
  let opening: Promise<OpenedCalls> | null = null

  function drop(which: Promise<OpenedCalls>): void {
    if (opening === which) opening = null
  }

  return {
    async call(name, input, options) {
      const asked = (opening ??= open())
      const opened = await asked.catch((error: unknown) => {
        drop(asked)
        throw error
      })
      try {
        return await opened.call(name, input, options)
      } catch (error) {
        if (asBerthError(error).code === 'NOT_RUNNING') {
          drop(asked)
          await opened.close()
        }
        throw error
      }
    },
    async close() {
      // What could not be opened has been told to whoever called.
      const opened = await opening?.catch(() => null)
      await opened?.close()
    },
  }
}

/** The contract's calls, whoever does them: the dispatch of this process, or an engine that is reached over its bridge. */
export interface EngineCalls {
  call<K extends CallName>(name: K, input: CallInput<K>, options?: CallOptions<K>): Promise<CallResult<K>>
}
