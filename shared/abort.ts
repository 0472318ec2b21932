import { BerthError, fail } from './errors.ts'

/** The part of an AbortSignal that is needed: this room knows neither Node nor a page. */
export interface Aborting {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/**
 * Runs once, when the signal aborts: at once if it has. Gives what stops listening: a signal may outlive by far what listens to
 * it. Whatever `run` calls must be there by then, what this gives included.
 */
export function onAbort<S extends Aborting>(signal: S | undefined, run: (signal: S) => void): () => void {
  if (signal === undefined) return () => undefined
  const heard = () => run(signal)
  if (signal.aborted) heard()
  else signal.addEventListener('abort', heard, { once: true })
  return () => signal.removeEventListener('abort', heard)
}

/** Why a signal aborted, as an error with a code. */
export function abortError({ reason }: Pick<Aborting, 'reason'>): BerthError {
  if (reason instanceof BerthError) return reason
  return fail('CANCELLED', 'The caller ended this call', { next: 'Call again if it is still wanted.', cause: reason })
}

/** The work's own end, or, if the signal aborts before, what `why` says. The work is not ended by that, only waited for no more. */
export async function orAborted<T, S extends Aborting>(work: Promise<T>, signal: S | undefined, why: (signal: S) => Error = abortError): Promise<T> {
  if (!signal) return await work
  let unlisten = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    unlisten = onAbort(signal, () => reject(why(signal)))
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    unlisten()
  }
}
