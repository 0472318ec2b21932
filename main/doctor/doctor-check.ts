import type { Finding } from './finding.ts'
import type { Surroundings } from './surroundings.ts'

/** One thing a sandbox needs. What throws becomes a failed check; the signal says that nobody waits any more. */
export interface DoctorCheck {
  readonly name: string
  readonly run: (see: Surroundings, signal: AbortSignal) => Promise<Finding>
}
