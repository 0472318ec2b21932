import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { Config } from '../../../shared/config.ts'
import { type BerthError, fail } from '../../../shared/errors.ts'
import type { Mount } from '../../backends/backend.ts'
import type { Overrides } from '../config/settle.ts'
import type { HostFacts } from './host-facts.ts'
import type { ExtraMount, Extras } from '../../core/deps.ts'
import type { Place } from './places.ts'
import { leaves } from './ensure-thread.ts'

const userDataTarget = '/mnt/user-data'

const trees = ['/proc', '/sys', '/dev']
/** What a sandbox needs to run at all; a path below them may be mounted. */
const exactly = [
  '/',
  '/mnt',
  '/etc',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/usr',
  '/usr/bin',
  '/usr/sbin',
  '/usr/lib',
  '/usr/lib64',
  '/usr/local',
  '/usr/local/bin',
  '/usr/local/lib',
  '/run',
  '/var',
  '/var/run',
  '/opt',
  '/root',
  '/home',
  '/boot',
]

/** One spelling for one place: no `..`, no doubled or trailing slashes. */
function normalTarget(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/+$/, '')
}

/** Why nothing may be mounted at a (normal) path of a sandbox, as the second half of a sentence; null: it may. */
function whyNotAt(target: string): string | null {
  if (target === userDataTarget || leaves.some((leaf) => target === `${userDataTarget}/${leaf}`)) return "would hide the thread's own files"
  if (exactly.includes(target)) return 'would hide a directory that the sandbox itself needs'
  const tree = trees.find((one) => target === one || target.startsWith(`${one}/`))
  return tree === undefined ? null : `lies in ${tree}, which is the kernel's`
}

export interface MountPlan {
  readonly mounts: readonly Mount[]
  readonly warnings: readonly string[]
}

export interface MountFacts extends SourceRules {
  /** Host directory of the thread, inside the home. */
  readonly userData: string
  readonly config: Pick<Config, 'mounts' | 'skills'>
  readonly overrides: Overrides
  /** By host path as it is configured; null: nothing there. */
  readonly at: ReadonlyMap<string, HostFacts | null>
}

interface Wanted {
  readonly key: string
  readonly source: string
  readonly target: string
  readonly readonly: boolean
}

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
    key: `mounts.${n}`,
    source: mount.host_path,
    target: mount.container_path,
    readonly: mount.read_only,
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

/** A directory below which extra mounts may lie, as it is configured and where it really is. */
export interface MountRoot {
  readonly path: string
  readonly real: string
  readonly deerFlows: boolean
}

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
  for (const one of wanted.toSorted((a, b) => extraMountsDepth(a) - extraMountsDepth(b))) {
    const target = normalTarget(one.containerPath)
    const why = whyNotAt(target)
    if (why) throw extraMountsRefused(one, `a mount at ${target} ${why}`, 'Ask for another container path.')
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

const extraMountsDepth = (mount: ExtraMount) => normalTarget(mount.containerPath).split('/').length
const below = (inner: string, outer: string) => inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`)

function hashOf(mounts: readonly Mount[]): string {
  if (mounts.length === 0) return ''
  const rows = mounts.map(({ source, target, readonly }) => JSON.stringify([target, source, readonly])).sort()
  return createHash('sha256').update(rows.join()).digest('hex').slice(0, 16)
}

/** The path to mount, as the engine sees it; null: nothing there. */
async function sourceOf(one: ExtraMount, facts: ExtraFacts): Promise<string | null> {
  if (!posix.isAbsolute(one.hostPath)) throw extraMountsRefused(one, 'is not an absolute path', 'Name it from the root.')
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
  if (why) throw extraMountsRefused(one, `${found.real === one.hostPath ? '' : `leads to ${found.real}, which `}${why}`, 'Leave this mount out.')
  if (facts.sockets.some(({ inode }) => inode === found.inode)) {
    throw extraMountsRefused(one, "is another name of the container engine's socket: whoever has it owns the machine", 'Leave this mount out.')
  }
  if (found.kind !== 'directory' && found.kind !== 'file') throw extraMountsRefused(one, 'is neither a directory nor a file', 'Leave this mount out.')
  return engineView(found.real, facts)
}

/** A Berth in a container is told paths of the engine's machine: only what lies in its own home can be looked at. */
function ownView(one: ExtraMount, path: string, { overrides: { hostBaseDir }, home }: ExtraFacts): string {
  if (hostBaseDir === null) return path
  const base = hostBaseDir.replace(/\/+$/, '')
  if (below(path, base)) return home + path.slice(base.length)
  throw extraMountsRefused(one, `lies outside ${base}, and Berth, which runs in a container, cannot look there`, "Let deer-flow's home be Berth's home.")
}

/** A bind needs a directory to go to, which cannot be made in a read-only mount. */
async function hasPlace(target: string, mounts: readonly Mount[], facts: ExtraFacts): Promise<boolean> {
  const outer = mounts.filter((mount) => mount.target !== target && below(target, mount.target)).at(-1)
  if (!outer?.readonly || facts.overrides.hostBaseDir !== null) return true
  return (await facts.look(outer.source + target.slice(outer.target.length))) !== null
}

function outside(one: ExtraMount, real: string, { roots }: ExtraFacts): BerthError {
  const which = roots.length === 0 ? 'no directory is allowed yet' : `allowed is what lies below ${roots.map(({ path }) => path).join(', ')}`
  return extraMountsRefused(
    one,
    `${real === one.hostPath ? 'is' : `leads to ${real}, which is`} not allowed: ${which}`,
    "Set `deer_flow.home` in Berth's configuration to deer-flow's home, or add the directory to `deer_flow.mount_roots`.",
  )
}

function extraMountsRefused(one: ExtraMount, why: string, next: string): BerthError {
  return fail('MOUNT_REFUSED', `${one.hostPath}, wanted at ${one.containerPath}: it ${why}`.replace(': it a mount', ': a mount'), {
    next,
    details: { path: one.hostPath, target: one.containerPath },
  })
}

/**
 * Why a path below deer-flow's home must not be mounted into the sandbox of `place`, as the second half of a sentence; null:
 * it may. `users/{user}` is that user's, `users/{user}/threads/{thread}` and the older `threads/{thread}` that thread's; a
 * directory above them would show what is others'. All else there is for everybody.
 */
function whyNotTheirs(path: string, place: Pick<Place, 'user' | 'thread'>): string | null {
  const [first = '', ...rest] = path.split('/')
  if (first === '') return 'holds the files of all threads'
  if (first === 'threads') return whyNotThread(rest, place.user === 'default' ? place.thread : null)
  if (first !== 'users') return null
  const [user, second, ...inner] = rest
  if (user === undefined || second === undefined) return 'holds the files of all threads of a user'
  if (user !== place.user) return 'belongs to another user'
  return second === 'threads' ? whyNotThread(inner, place.thread) : null
}

function whyNotThread([thread, part]: readonly string[], own: string | null): string | null {
  if (thread === undefined || part === undefined) return 'holds the whole of a thread, or several'
  if (thread !== own) return 'belongs to another thread'
  // Between the look at a path and its mount, the agent could put a link there.
  return part === 'user-data' ? 'can be changed by the agent itself' : null
}

/** These and all below them belong to the machine. */
const systemTrees = [
  '/proc',
  '/sys',
  '/dev',
  '/boot',
  '/etc',
  '/run',
  '/var/run',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/usr',
  '/var/lib/docker',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/var/lib/kubelet',
  '/System',
  '/Library',
  '/private/etc',
  '/private/var/run',
]
/** Parts of them in which people do keep data of their own. */
const ownParts = ['/usr/local/share', '/usr/local/src', '/usr/share', '/usr/src', '/run/media']
/** Only these themselves: they hold what belongs to others, or to all; a directory in them is somebody's own. */
const systemRoots = ['/', '/root', '/home', '/Users', '/var', '/var/lib', '/private', '/private/var', '/usr/local', '/tmp', '/private/tmp']
/** A home's own files; any other directory that somebody keeps in a home may be mounted. */
const homesOwn =
  /^(installation|token|tokens\.json|bridge\.json|config\.yaml|leases|aliases|slots|locks|users|threads|anonymous|deleted|desktop|events\b.*|.*\.tmp|.*\.broken)$/i

interface SourceRules {
  readonly home: string
  readonly ignoresCase: boolean
  readonly sockets: readonly HostFacts[]
}

/**
 * Why a host path must not be mounted, as the second half of a sentence; null: it may. Asked for the path as it is
 * written and for where it really leads.
 */
export function whyNotMount(path: string, rules: SourceRules): string | null {
  const at = posix.normalize(path.replaceAll('\\', '/')).replace(/(?<=.)\/+$/, '')
  const fold = (text: string) => (rules.ignoresCase ? text.toLowerCase() : text)
  const same = (a: string, b: string) => fold(a) === fold(b)
  const below = (inner: string, outer: string) => same(inner, outer) || fold(inner).startsWith(outer === '/' ? '/' : `${fold(outer)}/`)
  if (same(at, rules.home)) return "is Berth's home, which holds its keys and every thread's files"
  if (below(rules.home, at)) return `holds Berth's home (${rules.home}), with its keys and every thread's files`
  if (below(at, rules.home) && homesOwn.test(at.slice(rules.home.length + 1).split('/')[0] ?? '')) return "is one of the home's own files"
  const socket = rules.sockets.find(({ real }) => below(real, at))
  if (socket) return `${same(socket.real, at) ? 'is' : 'holds'} the container engine's socket (${socket.real}): whoever has it owns the machine`
  if (systemRoots.some((root) => same(at, root))) return 'is a directory of the system'
  if (ownParts.some((part) => below(at, part) && !same(at, part))) return null
  const tree = systemTrees.find((one) => below(at, one))
  return tree === undefined ? null : `belongs to the system (${tree})`
}
