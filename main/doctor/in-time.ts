import type { Check } from '../../shared/calls/house-calls.ts'
import type { DoctorCheck } from './doctor-check.ts'
import { ofError, warn, type Finding } from './finding.ts'
import type { Surroundings } from './surroundings.ts'

/** Longest that a late check may take to remove what it made, ms. */
const tidying = 2_500

/** Runs a check by its deadline. One that is late is told to stop, and waited for while it cleans up after itself. */
export async function inTime({ name, run }: DoctorCheck, see: Surroundings): Promise<Check> {
  const over = new AbortController()
  const late = Promise.withResolvers<null>()
  const timer = see.clock.timer(see.patience, () => late.resolve(null))
  const work = run(see, over.signal).catch(ofError)
  const finding = await Promise.race([work, late.promise])
  timer.cancel()
  if (finding !== null) return { name, ...finding }
  over.abort()
  const tidied = Promise.withResolvers<null>()
  const last = see.clock.timer(tidying, () => tidied.resolve(null))
  await Promise.race([work, tidied.promise])
  last.cancel()
  return { name, ...tooLate(see.patience) }
}

function tooLate(patience: number): Finding {
  return warn(`Not measured: it took longer than ${patience / 1000} s.`, 'Run `berth doctor` again when the machine is less busy; if it stays, look at what hangs here.')
}
