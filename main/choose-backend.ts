import type { Config } from '../shared/config.ts'
import type { BackendKind } from '../shared/sandbox.ts'

export interface Choice {
  readonly kind: BackendKind
  readonly chosen: 'config' | 'auto' | 'remembered'
  /** For a person: why this one, and what it means. */
  readonly reason: string
}

/**
 * Which backend this engine works with, decided once at its start. A home that has used docker stays with it: there
 * an engine that is gone is an outage, never a reason for weaker isolation or a second sandbox on the same files.
 */
export function chooseBackend(view: {
  readonly config: Pick<Config, 'backend' | 'provisioner_url' | 'embedded'>
  /** Why no container engine answers, or null: one does. */
  readonly engineProblem: string | null
  readonly usedDocker: boolean
}): Choice {
  const { config, engineProblem, usedDocker } = view
  if (config.backend !== 'auto') return { kind: config.backend, chosen: 'config', reason: `backend: ${config.backend} is set in the configuration.` }
  if (config.provisioner_url !== null) {
    return { kind: 'remote', chosen: 'config', reason: 'sandbox.provisioner_url is set in the configuration.' }
  }
  if (engineProblem === null) return { kind: 'docker', chosen: 'auto', reason: 'A container engine answers.' }
  if (usedDocker) {
    return {
      kind: 'docker',
      chosen: 'remembered',
      reason: `This home has used a container engine before, so Berth waits for it to come back: ${engineProblem}`,
    }
  }
  const isolated =
    config.embedded.isolation === 'none'
      ? 'Commands run with your own rights: nothing is isolated.'
      : 'Sandboxes are separated by bubblewrap: they share the network and the kernel with this machine, and have no limits of memory or CPU.'
  return {
    kind: 'embedded',
    chosen: 'auto',
    reason: `No container engine answers (${engineProblem}). ${isolated} They end with Berth; files stay. Install and start Docker for containers: Berth then offers to switch, and takes them at its next start.`,
  }
}
