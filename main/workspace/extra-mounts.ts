import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { fail, type BerthError } from '../../shared/errors.ts'
import type { Mount } from '../backends/backend.ts'
import type { Overrides } from '../config/overrides.ts'
import type { ExtraMount, Extras } from '../provider/deps.ts'
import type { HostFacts } from './host-facts.ts'
import type { Place } from './places.ts'
import { engineView } from './plan-mounts.ts'
import { whyNotMount, type SourceRules } from './refused-sources.ts'
import { normalTarget, whyNotAt } from './refused-targets.ts'
import { whyNotTheirs } from './whose-path.ts'

/** A directory below which extra mounts may lie, as it is configured and where it really is. */
export interface MountRoot { readonly path: string; readonly real: string; readonly deerFlows: boolean }

export interface ExtraFacts extends SourceRules {
  readonly overrides: Overrides
  readonly place: Place
  readonly roots: readonly MountRoot[]
  /** What is mounted anyway: the thread's files, the configuration's mounts, the skills. */
  readonly base: readonly Mount[]
  /** By host path as Berth sees it, links followed; null: nothing there. */
  readonly look: (path: string) => Promise<HostFacts | null>
}

/**
 * Which of the binds that a caller wants may be mounted and are there. A path that is missing is passed over with a
 * warning: deer-flow names directories that it makes only when they are first needed. Throws MOUNT_REFUSED, naming the
 * path and the setting that would allow it.
 */
export async function checkExtras(wanted: readonly ExtraMount[], facts: ExtraFacts): Promise<Extras> {
  const warnings: string[] = []
  const mounts: Mount[] = []
  // Outer before inner: whether an inner one has a place to go depends on the outer one.
  for (const one of wanted.toSorted((a, b) => depth(a) - depth(b))) {
    const target = normalTarget(one.containerPath)
    const why = whyNotAt(target)
    if (why) throw refused(one, `a mount at ${target} ${why}`, 'Ask for another container path.')
    const source = await sourceOf(one, facts)
    const taken = [...facts.base, ...mounts].find((mount) => mount.target === target)
    if (source === null) warnings.push(`${one.hostPath} does not exist, so ${target} is not mounted`)
    else if (taken) warnings.push(`${target} is mounted already (from ${taken.source}), and ${one.hostPath} is not`)
    else if (!(await hasPlace(target, [...facts.base, ...mounts], facts))) {
      warnings.push(`${target} lies in a read-only mount that has no such directory, so ${one.hostPath} is not mounted; make the directory there`)
    } else mounts.push({ source, target, readonly: one.readonly })
  }
  return { mounts, hash: hashOf(mounts), warnings }
}

const depth = (mount: ExtraMount) => normalTarget(mount.containerPath).split('/').length
const below = (inner: string, outer: string) => inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`)

function hashOf(mounts: readonly Mount[]): string {
  if (mounts.length === 0) return ''
  const rows = mounts.map(({ source, target, readonly }) => JSON.stringify([target, source, readonly])).sort()
  return createHash('sha256').update(rows.join()).digest('hex').slice(0, 16)
}

/** The path to mount, as the engine sees it; null: nothing there. */
async function sourceOf(one: ExtraMount, facts: ExtraFacts): Promise<string | null> {
  if (!posix.isAbsolute(one.hostPath)) throw refused(one, 'is not an absolute path', 'Name it from the root.')
  const path = ownView(one, posix.normalize(one.hostPath).replace(/(?<=.)\/+$/, ''), facts)
  const found = await facts.look(path)
  if (found === null) {
    if (facts.roots.some((root) => below(path, root.path) || below(path, root.real))) return null
    throw outside(one, one.hostPath, facts)
  }
  const root = facts.roots.find(({ real }) => below(found.real, real))
  if (!root) throw outside(one, found.real, facts)
  const rest = found.real.slice(root.real.length + 1)
  const foreign = root.deerFlows ? whyNotTheirs(rest, facts.place) : null
  // Where deer-flow's home is Berth's own, a thread's directory is among the home's files, and yet may be mounted.
  const theirs = root.deerFlows && /^(users|threads)\//.test(rest) && root.real === facts.home
  const why = foreign ?? (theirs ? null : whyNotMount(found.real, facts))
  if (why) throw refused(one, `${found.real === one.hostPath ? '' : `leads to ${found.real}, which `}${why}`, 'Leave this mount out.')
  if (facts.sockets.some(({ inode }) => inode === found.inode)) {
    throw refused(one, "is another name of the container engine's socket: whoever has it owns the machine", 'Leave this mount out.')
  }
  if (found.kind !== 'directory' && found.kind !== 'file') throw refused(one, 'is neither a directory nor a file', 'Leave this mount out.')
  return engineView(found.real, facts)
}

/** A Berth in a container is told paths of the engine's machine: only what lies in its own home can be looked at. */
function ownView(one: ExtraMount, path: string, { overrides: { hostBaseDir }, home }: ExtraFacts): string {
  if (hostBaseDir === null) return path
  const base = hostBaseDir.replace(/\/+$/, '')
  if (below(path, base)) return home + path.slice(base.length)
  throw refused(one, `lies outside ${base}, and Berth, which runs in a container, cannot look there`, "Let deer-flow's home be Berth's home.")
}

/** A bind needs a directory to go to, which cannot be made in a read-only mount. */
async function hasPlace(target: string, mounts: readonly Mount[], facts: ExtraFacts): Promise<boolean> {
  const outer = mounts.filter((mount) => mount.target !== target && below(target, mount.target)).at(-1)
  if (!outer?.readonly || facts.overrides.hostBaseDir !== null) return true
  return (await facts.look(outer.source + target.slice(outer.target.length))) !== null
}

function outside(one: ExtraMount, real: string, { roots }: ExtraFacts): BerthError {
  const which = roots.length === 0 ? 'no directory is allowed yet' : `allowed is what lies below ${roots.map(({ path }) => path).join(', ')}`
  return refused(one, `${real === one.hostPath ? 'is' : `leads to ${real}, which is`} not allowed: ${which}`,
    "Set `deer_flow.home` in Berth's configuration to deer-flow's home, or add the directory to `deer_flow.mount_roots`.")
}

function refused(one: ExtraMount, why: string, next: string): BerthError {
  return fail('MOUNT_REFUSED', `${one.hostPath}, wanted at ${one.containerPath}: it ${why}`.replace(': it a mount', ': a mount'), {
    next,
    details: { path: one.hostPath, target: one.containerPath },
  })
}
