import type { Check } from '../../shared/calls/house-calls.ts'
import { berthCheck, configCheck, leftoversCheck, permissionsCheck, portsCheck } from './checks/home.ts'
import { clockCheck, diskCheck, isolationCheck, nodeCheck } from './checks/computer.ts'
import { engineCheck, engineFilesCheck, imageCheck, lateBindingCheck } from './checks/container-engine.ts'
import { type DoctorOptions, surroundings, type Surroundings } from './surroundings.ts'
import { type DoctorCheck, type Finding, ofError, warn } from './finding.ts'

/** In the order in which a person reads them: what everything else stands on first. */
const checks = [
  nodeCheck,
  configCheck,
  permissionsCheck,
  diskCheck,
  clockCheck,
  engineCheck,
  engineFilesCheck,
  imageCheck,
  isolationCheck,
  lateBindingCheck,
  portsCheck,
  berthCheck,
  leftoversCheck,
]

/**
 * Measures everything that a sandbox needs, with and without a running engine of Berth, and leaves everything as it was.
 * `ok`: nothing failed. All checks run at once, each by a deadline of its own: a few seconds in all. Never rejects.
 */
export async function runDoctor(options: DoctorOptions): Promise<{ ok: boolean; checks: Check[] }> {
  const see = surroundings(options)
  try {
    const found = await Promise.all(checks.map((check) => inTime(check, see)))
    return { ok: found.every(({ status }) => status !== 'fail'), checks: found }
  } finally {
    await see.close()
  }
}

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
  return warn(
    `Not measured: it took longer than ${patience / 1000} s.`,
    'Run `berth doctor` again when the machine is less busy; if it stays, look at what hangs here.',
  )
}
