import { BerthError, fail } from '../../../shared/errors.ts'
import type { Backend } from '../backend.ts'
import { backendKinds } from '../../../shared/backends.ts'

/**
 * What stands in where nothing on this machine can run a sandbox: every attempt fails at once with the cause and the way out.
 * The rest of Berth works, and looks for an engine meanwhile. `problem`: why none of them does.
 */
export function openNone(problem: BerthError): Backend {
  // A new one each time: it is thrown to callers who add nothing to it, and its stack would be of another call.
  const refuse = (): never => {
    throw new BerthError(problem.code, problem.message, problem.next, problem.details, problem.cause)
  }
  const gone = (): never => {
    throw fail('SANDBOX_NOT_FOUND', 'There are no sandboxes where nothing can run them', { next: 'Give Berth a container engine or bubblewrap first.' })
  }
  return {
    kind: 'none',
    isolation: 'none',
    traits: { ...backendKinds.none, pause: false, keyless: false },
    facts: async () => refuse(),
    list: async () => [],
    inspect: async () => null,
    prepared: async () => refuse(),
    prepare: async () => refuse(),
    create: async () => refuse(),
    remove: async () => undefined,
    rename: async () => gone(),
    startedAt: async () => null,
    pause: async () => gone(),
    unpause: async () => gone(),
    // eslint-disable-next-line require-yield
    logs: async function* () {
      gone()
    },
    watch: () => ({ healthy: () => true, close: () => undefined }),
    close: async () => undefined,
  }
}
