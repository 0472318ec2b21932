import { stat } from 'node:fs/promises'
import type { DoctorCheck } from '../doctor-check.ts'
import { ok, together, warn, type Finding } from '../finding.ts'

/** Beyond this the engine's clock and ours disagree: a virtual machine that slept. */
const tolerance = 10_000

export const clockCheck: DoctorCheck = {
  name: 'clock',
  run: async (see) => {
    const [sight, home] = await Promise.all([see.engine(), see.home()])
    const now = see.clock.wall()
    const stamps = await Promise.all([home.paths.bridge, home.paths.events, home.paths.locks, home.paths.leases].map(async (path) => (await stat(path).catch(() => null))?.mtimeMs ?? 0)) // not there: no stamp
    return judgeClock({ now, newest: Math.max(...stamps), aheadMs: sight.answers ? sight.aheadMs : null, platform: process.platform })
  },
}

/** Durations are monotonic and do not care; stamps, certificates and stale locks do. `newest`: the last stamp in the home. */
export function judgeClock(it: { now: number; newest: number; aheadMs: number | null; platform: NodeJS.Platform }): Finding {
  const set = it.platform === 'linux' ? 'sudo timedatectl set-ntp true' : it.platform === 'darwin' ? 'sudo sntp -sS time.apple.com' : 'w32tm /resync'
  const findings = [ok('The clock is plausible.')]
  if (it.newest - it.now > tolerance) {
    findings.push(warn(`The clock was set back: the home has a stamp ${seconds(it.newest - it.now)} in the future.`, set))
  }
  if (it.aheadMs !== null && Math.abs(it.aheadMs) > tolerance) {
    const side = it.aheadMs > 0 ? 'ahead of' : 'behind'
    findings.push(warn(`The engine's clock is ${seconds(Math.abs(it.aheadMs))} ${side} this machine's.`, it.platform === 'linux' ? set : 'Restart Docker Desktop: its virtual machine slept.'))
  }
  return together(findings)
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
