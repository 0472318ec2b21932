import { BerthError, fail } from '../shared/errors.ts'

/** Why a signal aborted, as an error with a code. */
export function abortError(signal: AbortSignal): BerthError {
  if (signal.reason instanceof BerthError) return signal.reason
  return fail('CANCELLED', 'The caller ended this call', { next: 'Call again if it is still wanted.', cause: signal.reason })
}
