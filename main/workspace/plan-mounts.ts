import type { Config } from '../../shared/config.ts'
import { fail, type BerthError } from '../../shared/errors.ts'
import type { Mount } from '../backends/backend.ts'
import type { Overrides } from '../config/overrides.ts'
import type { HostFacts } from './host-facts.ts'
import { whyNotMount, type SourceRules } from './refused-sources.ts'
import { normalTarget, userDataTarget, whyNotAt } from './refused-targets.ts'

export interface MountPlan { readonly mounts: readonly Mount[]; readonly warnings: readonly string[] }

export interface MountFacts extends SourceRules {
  /** Host directory of the thread, inside the home. */
  readonly userData: string
  readonly config: Pick<Config, 'mounts' | 'skills'>
  readonly overrides: Overrides
  /** By host path as it is configured; null: nothing there. */
  readonly at: ReadonlyMap<string, HostFacts | null>
}

interface Wanted { readonly key: string; readonly source: string; readonly target: string; readonly readonly: boolean }

/**
 * The binds of one sandbox, from facts that were gathered before: the thread's files, the configured mounts, the skills.
 * At one container path the first wins. Throws MOUNT_REFUSED or MOUNT_MISSING.
 */
export function planMounts(facts: MountFacts): MountPlan {
  const warnings: string[] = []
  const mounts = new Map<string, Mount>()
  mounts.set(userDataTarget, { source: engineView(facts.userData, facts), target: userDataTarget, readonly: false })
  for (const wanted of [...configured(facts.config), ...skills(facts, warnings)]) {
    const target = normalTarget(wanted.target)
    const why = whyNotAt(target)
    if (why) throw refusedTarget(wanted, target, why)
    const source = checked(wanted, facts)
    const taken = mounts.get(target)
    if (taken) warnings.push(`${wanted.key}: ${target} is mounted already (from ${taken.source}); the first one stays`)
    else mounts.set(target, { source, target, readonly: wanted.readonly })
  }
  return { mounts: outerFirst([...mounts.values()]), warnings }
}

/** Outer before inner, as not every backend sorts them itself. */
export const outerFirst = (mounts: readonly Mount[]): Mount[] => mounts.toSorted((a, b) => depth(a) - depth(b))

const depth = (mount: Mount) => mount.target.split('/').length

/** The home's path as the engine sees it, where Berth itself runs in a container. */
export function engineView(path: string, facts: { readonly home: string; readonly overrides: Overrides }): string {
  const { hostBaseDir } = facts.overrides
  if (hostBaseDir === null) return path
  const rest = path.slice(facts.home.length)
  const windows = !hostBaseDir.startsWith('/')
  return hostBaseDir.replace(/[\\/]+$/, '') + (windows ? rest.replaceAll('/', '\\') : rest)
}

function configured(config: Pick<Config, 'mounts'>): Wanted[] {
  return config.mounts.map((mount, n) => ({
    key: `mounts.${n}`, source: mount.host_path, target: mount.container_path, readonly: mount.read_only,
  }))
}

function skills({ config, overrides, at }: MountFacts, warnings: string[]): Wanted[] {
  const { path, container_path } = config.skills
  const wanted = { key: 'skills.path', target: container_path, readonly: true }
  if (overrides.hostSkillsPath !== null) return [{ ...wanted, source: overrides.hostSkillsPath }]
  if (path === null) return []
  if (at.get(path)?.kind === 'directory') return [{ ...wanted, source: path }]
  warnings.push(`skills.path: ${path} is not a directory; sandboxes get no skills`)
  return []
}

/** The source to mount: where the path really leads, so that a link changed later changes nothing. */
function checked(wanted: Wanted, facts: MountFacts): string {
  const written = whyNotMount(wanted.source, facts)
  if (written) throw refused(wanted, wanted.source, written)
  // The engine runs on another file system than Berth, which cannot look there.
  if (facts.overrides.hostBaseDir !== null || wanted.source === facts.overrides.hostSkillsPath) return wanted.source
  const found = facts.at.get(wanted.source) ?? null
  if (found === null) {
    throw fail('MOUNT_MISSING', `${wanted.key}: there is no ${wanted.source} on this machine to mount at ${wanted.target}`, {
      next: `Create it, or take the mount out of the configuration.`,
      details: { key: wanted.key, path: wanted.source },
    })
  }
  const real = whyNotMount(found.real, facts)
  if (real) throw refused(wanted, `${wanted.source} leads to ${found.real}, which`, real)
  if (facts.sockets.some(({ inode }) => inode === found.inode)) {
    throw refused(wanted, wanted.source, "is another name of the container engine's socket: whoever has it owns the machine")
  }
  if (found.kind === 'other') throw refused(wanted, wanted.source, 'is a device or a pipe, and neither a directory nor a file')
  return found.real
}

function refused(wanted: Wanted, subject: string, why: string): BerthError {
  return fail('MOUNT_REFUSED', `${wanted.key}: ${subject} ${why}`, {
    next: `Mount a directory that holds just what the agents need, or take \`${wanted.key}\` out of the configuration.`,
    details: { key: wanted.key, path: wanted.source },
  })
}

function refusedTarget(wanted: Wanted, target: string, why: string): BerthError {
  return fail('MOUNT_REFUSED', `${wanted.key}: a mount at ${target} ${why}`, {
    next: `Choose another container path for \`${wanted.key}\`, e.g. /mnt/${target.split('/').at(-1) || 'data'}-of-mine.`,
    details: { key: wanted.key, path: wanted.source, target },
  })
}
