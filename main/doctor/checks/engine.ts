import type { Config } from '../../../shared/config.ts'
import type { DoctorCheck } from '../doctor-check.ts'
import { engineAdvice } from '../engine-advice.ts'
import type { EngineSight } from '../engine-sight.ts'
import { bad, ok, skip, warn, type Finding } from '../finding.ts'
import type { Host } from '../host.ts'

/** What a missing engine means: no sandbox at all, bubblewrap in its place, or nothing. */
export type Need = 'needed' | 'preferred' | 'unused'

export const engineCheck: DoctorCheck = {
  name: 'engine',
  run: async (see) => {
    const [sight, { config }, host, home] = await Promise.all([see.engine(), see.config(), see.host(), see.home()])
    if (sight.answers) return judgeEngine(sight, 'needed', host)
    const isolated = config.embedded.isolation === 'none' || (await see.isolation()).works
    return judgeEngine(sight, engineNeed(config, { usedDocker: home.usedDocker, isolated }), host)
  },
}

export function engineNeed(config: Pick<Config, 'backend' | 'provisioner_url'>, at: { usedDocker: boolean; isolated: boolean }): Need {
  if (config.backend === 'docker') return 'needed'
  if (config.backend !== 'auto' || config.provisioner_url !== null) return 'unused'
  // As the choice at start: a home that has used containers waits for its engine, whatever else would work.
  return at.usedDocker || !at.isolated ? 'needed' : 'preferred'
}

export function judgeEngine(sight: EngineSight, need: Need, host: Host): Finding {
  if (sight.answers) {
    const { traits, endpoint, ms } = sight
    const kind = traits.rootless ? ', rootless' : ''
    return ok(`${traits.name} ${traits.version}${kind} answers in ${Math.max(1, Math.round(ms))} ms at ${endpoint.where} (${endpoint.origin}).`)
  }
  const origin = sight.endpoint === null ? '' : ` (from ${sight.endpoint.origin})`
  const text = `${sight.error.message.replace(/\.$/, '')}${origin}.`
  if (need === 'unused') return skip(`${text} The configuration asks for none.`)
  const fix = engineAdvice(sight, host)
  if (need === 'preferred') return warn(`${text} Until there is one, sandboxes are processes in bubblewrap.`, fix)
  return bad(text, fix)
}
