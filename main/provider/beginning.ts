import { fail } from '../../shared/errors.ts'
import type { Clock } from '../clock.ts'
import { orAborted } from './flights.ts'

/** An unanswered first listing holds a caller up for this long at most. */
const waitMs = 20_000

export interface Beginning {
  /** First look at the engine; done already in the normal case. */
  begin(): Promise<void>
}

/** Resolves once it is known what runs on the engine; throws STARTING when that takes too long, or what the look threw. */
export async function untilBegun(clock: Clock, beginning: Beginning, signal: AbortSignal): Promise<void> {
  const late = new AbortController()
  const timer = clock.timer(waitMs, () =>
    late.abort(fail('STARTING', 'Berth has not yet seen what runs on the engine', { next: 'Try again in a few seconds.' })),
  )
  try {
    await orAborted(beginning.begin(), AbortSignal.any([signal, late.signal]))
  } finally {
    timer.cancel()
  }
}
