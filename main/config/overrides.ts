import { fail } from '../../shared/errors.ts'

export type Env = Readonly<Record<string, string | undefined>>

/**
 * For a Berth that itself runs in a container: how the engine sees what Berth sees. deer-flow's variables, each also as
 * BERTH_*, which wins. null: not set, both see the same.
 */
export interface Overrides {
  /** The home's path on the engine's machine. */
  readonly hostBaseDir: string | null
  /** The skills directory's path on the engine's machine. */
  readonly hostSkillsPath: string | null
  /** Host name by which a published port is reached, instead of the loopback address. */
  readonly sandboxHost: string | null
}

export const overrideVariables = {
  hostBaseDir: ['BERTH_HOST_BASE_DIR', 'DEER_FLOW_HOST_BASE_DIR'],
  hostSkillsPath: ['BERTH_HOST_SKILLS_PATH', 'DEER_FLOW_HOST_SKILLS_PATH'],
  sandboxHost: ['BERTH_SANDBOX_HOST', 'DEER_FLOW_SANDBOX_HOST'],
} as const satisfies Record<keyof Overrides, readonly string[]>

/** Throws BAD_CONFIG where a value cannot be meant. */
export function readOverrides(env: Env): Overrides {
  return {
    hostBaseDir: absolute(env, overrideVariables.hostBaseDir),
    hostSkillsPath: absolute(env, overrideVariables.hostSkillsPath),
    sandboxHost: hostName(env, overrideVariables.sandboxHost),
  }
}

function pick(env: Env, names: readonly string[]): { name: string; value: string } | null {
  for (const name of names) {
    const value = env[name]
    if (value) return { name, value }
  }
  return null
}

/** A path of another machine, which may be a Windows one under a Linux Berth. */
function absolute(env: Env, names: readonly string[]): string | null {
  const found = pick(env, names)
  if (!found) return null
  if (/^(\/|[A-Za-z]:[\\/]|\\\\)/.test(found.value)) return found.value
  throw fail('BAD_CONFIG', `The variable ${found.name} is not an absolute path`, {
    next: `Set ${found.name} to the directory's full path on the machine the container engine runs on, or unset it.`,
    details: { key: found.name },
  })
}

function hostName(env: Env, names: readonly string[]): string | null {
  const found = pick(env, names)
  if (!found) return null
  if (/^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)$/.test(found.value)) return found.value
  throw fail('BAD_CONFIG', `The variable ${found.name} is not a host name`, {
    next: `Set ${found.name} to a name or an address without scheme, port or path, e.g. host.docker.internal.`,
    details: { key: found.name },
  })
}
