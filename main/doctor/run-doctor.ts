import type { Check } from '../../shared/calls/house-calls.ts'
import { berthCheck } from './checks/berth.ts'
import { clockCheck } from './checks/clock.ts'
import { configCheck } from './checks/config.ts'
import { diskCheck } from './checks/disk.ts'
import { engineCheck } from './checks/engine.ts'
import { engineFilesCheck } from './checks/engine-files.ts'
import { imageCheck } from './checks/image.ts'
import { isolationCheck } from './checks/isolation.ts'
import { lateBindingCheck } from './checks/late-binding.ts'
import { leftoversCheck } from './checks/leftovers.ts'
import { nodeCheck } from './checks/node.ts'
import { permissionsCheck } from './checks/permissions.ts'
import { portsCheck } from './checks/ports.ts'
import { inTime } from './in-time.ts'
import { surroundings, type DoctorOptions } from './surroundings.ts'

/** In the order in which a person reads them: what everything else stands on first. */
const checks = [
  nodeCheck, configCheck, permissionsCheck, diskCheck, clockCheck, engineCheck, engineFilesCheck, imageCheck, isolationCheck,
  lateBindingCheck, portsCheck, berthCheck, leftoversCheck,
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
