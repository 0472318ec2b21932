import { asBerthError } from '../../../shared/errors.ts'

/** What came of doing one thing to several. */
export interface Done { readonly done: number; readonly failed: number; /** The first failure's sentence. */ readonly first: string }

/** All at once; one that fails does not keep the others from it. */
export async function runAll<T>(all: readonly T[], act: (one: T) => Promise<unknown>): Promise<Done> {
  const results = await Promise.allSettled(all.map(act))
  const failures = results.flatMap((result) => result.status === 'rejected' ? [asBerthError(result.reason)] : [])
  const [first] = failures
  return { done: results.length - failures.length, failed: failures.length, first: first === undefined ? '' : `${first.message}. ${first.next}` }
}
