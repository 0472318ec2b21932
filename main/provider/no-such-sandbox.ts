import { type BerthError, fail } from '../../shared/errors.ts'

/** What is said of a sandbox that is not there, and of one that is not the caller's to know of. */
export function noSuchSandbox({ id, thread }: { id?: string | undefined; thread?: string | undefined }): BerthError {
  return fail('SANDBOX_NOT_FOUND', `There is no sandbox ${thread === undefined ? `with id ${id}` : `of thread ${thread}`}`, {
    next: thread === undefined ? 'List what there is with `berth ls`.' : `Acquire it first: \`berth acquire --thread ${thread}\`.`,
  })
}
