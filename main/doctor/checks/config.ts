import { join } from 'node:path'
import { fail, asBerthError } from '../../../shared/errors.ts'
import { engineSockets, hostFacts } from '../../workspace/host-facts.ts'
import { planMounts } from '../../workspace/plan-mounts.ts'
import type { DoctorCheck } from '../doctor-check.ts'
import { ok, ofError, together, warn, type Finding } from '../finding.ts'
import type { ConfigSight, Surroundings } from '../surroundings.ts'

export const configCheck: DoctorCheck = {
  name: 'config',
  run: async (see) => {
    const sight = await see.config()
    const read = judgeConfig(sight)
    return sight.loaded === null ? read : together([read, ...(await mountFindings(see, sight))])
  },
}

/** Loads, or says where it is wrong; keys that nobody knows are named. */
export function judgeConfig(sight: ConfigSight): Finding {
  if (sight.loaded === null) return ofError(sight.error)
  const { file, sources, warnings } = sight.loaded
  const set = Object.values(sources).filter((source) => source === 'file').length
  const text = file === null ? 'No configuration file: everything has its default.' : `${file}: ${set} ${set === 1 ? 'key' : 'keys'} set.`
  if (warnings.length === 0) return ok(text)
  return warn(`${text} ${warnings.map((it) => it.replace(/\.?$/, '.')).join(' ')}`, `Correct or remove what is named in ${file ?? 'the configuration'}.`)
}

/** The configured mounts, judged as an acquire would judge them, before one fails over them. */
async function mountFindings(see: Surroundings, { loaded, config }: ConfigSight & { loaded: object }): Promise<Finding[]> {
  const home = await see.home()
  const { overrides } = loaded
  const paths = [...config.mounts.map((mount) => mount.host_path), ...(config.skills.path === null ? [] : [config.skills.path])]
  if (paths.length === 0) return []
  try {
    const at = new Map(overrides.hostBaseDir !== null ? [] : await Promise.all(paths.map(async (path) => [path, await hostFacts(path)] as const)))
    const root = home.path ?? home.dir
    const plan = planMounts({
      home: root,
      ignoresCase: process.platform !== 'linux',
      sockets: await engineSockets(see.env),
      userData: join(root, 'users', 'default', 'threads', 'doctor', 'user-data'),
      config, overrides, at,
    })
    const count = plan.mounts.length - 1
    return [
      ok(`${count} ${count === 1 ? 'mount' : 'mounts'} of your own.`),
      ...plan.warnings.map((text) => warn(`${text}.`, 'Correct the path, or take the key out of the configuration.')),
    ]
  } catch (thrown) {
    const error = asBerthError(thrown)
    return [ofError(fail(error.code, `No sandbox can start: ${error.message}.`, { next: error.next }))]
  }
}
