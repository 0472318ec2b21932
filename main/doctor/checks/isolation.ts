import type { Config } from '../../../shared/config.ts'
import type { IsolationProbe } from '../../backends/embedded/isolation.ts'
import type { DoctorCheck } from '../doctor-check.ts'
import { bad, ok, skip, warn, type Finding } from '../finding.ts'

export const isolationCheck: DoctorCheck = {
  name: 'isolation',
  run: async (see) => {
    const [{ config }, home, engine, probe] = await Promise.all([see.config(), see.home(), see.engine(), see.isolation()])
    return judgeIsolation(probe, config, { usedDocker: home.usedDocker, engineAnswers: engine.answers })
  },
}

/** Whether sandboxes without a container engine are kept apart; of no weight where they are containers. */
export function judgeIsolation(
  probe: IsolationProbe,
  config: Pick<Config, 'backend' | 'provisioner_url' | 'embedded'>,
  at: { usedDocker: boolean; engineAnswers: boolean },
): Finding {
  const embedded = config.backend === 'embedded' || (config.backend === 'auto' && config.provisioner_url === null && !at.engineAnswers && !at.usedDocker)
  if (embedded && config.embedded.isolation === 'none') {
    const better = probe.works ? `bubblewrap ${probe.version} works here.` : `bubblewrap does not work here: ${probe.reason}.`
    return warn(
      `Nothing is isolated: \`embedded.isolation: none\` runs commands with your own rights on all your files. ${better}`,
      probe.works ? 'Take `embedded.isolation` out of the configuration.' : probe.fix.join('\nor: '),
    )
  }
  if (probe.works) {
    const how = probe.userNamespace ? 'in a user namespace' : 'without a user namespace, which this machine forbids even to root: uid 0 with no capability'
    return ok(`bubblewrap ${probe.version} makes a sandbox with the flags that sandboxes get, ${how}.`)
  }
  if (!embedded) return skip(`bubblewrap would not work (${probe.reason}), but sandboxes here do not need it.`)
  const said = probe.output === '' ? '' : ` It said: ${probe.output.split('\n').slice(-2).join(' ').slice(0, 300)}`
  return bad(`Sandboxes cannot be isolated: ${probe.reason}.${said}`, probe.fix.join('\nor: '))
}
