import { type BerthError, fail } from '../../shared/errors.ts'
import type { Key } from '../../shared/identity.ts'

/**
 * What is said of a sandbox that is not there, and of one that is not the caller's to know of. `was`: whose it was, where it is
 * known and the caller's to know: a client that remembers ids learns which thread to acquire again.
 */
export function noSuchSandbox({ id, thread }: { id?: string | undefined; thread?: string | undefined }, was: Key | null = null): BerthError {
  if (thread !== undefined) {
    return fail('SANDBOX_NOT_FOUND', `There is no sandbox of thread ${thread}`, { next: `Acquire it first: \`berth acquire --thread ${thread}\`.` })
  }
  if (was === null) {
    return fail('SANDBOX_NOT_FOUND', `There is no sandbox with id ${id}`, {
      next: 'Acquire its thread again, if you know it: a thread keeps its id and its files. `berth ls` lists what there is.',
    })
  }
  const user = was.user === 'default' ? '' : ` --user ${was.user}`
  return fail('SANDBOX_NOT_FOUND', `The sandbox ${id} of thread ${was.thread} is gone`, {
    next: `Acquire it again, it gets the same id and files: \`berth acquire --thread ${was.thread}${user}\`.`,
    details: { user: was.user, thread: was.thread },
  })
}
