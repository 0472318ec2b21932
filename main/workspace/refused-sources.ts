import { posix } from 'node:path'
import type { HostFacts } from './host-facts.ts'

/** These and all below them belong to the machine. */
const systemTrees = [
  '/proc', '/sys', '/dev', '/boot', '/etc', '/run', '/var/run', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/usr',
  '/var/lib/docker', '/var/lib/containerd', '/var/lib/containers', '/var/lib/kubelet', '/System', '/Library', '/private/etc', '/private/var/run',
]
/** Parts of them in which people do keep data of their own. */
const ownParts = ['/usr/local/share', '/usr/local/src', '/usr/share', '/usr/src', '/run/media']
/** Only these themselves: they hold what belongs to others, or to all; a directory in them is somebody's own. */
const systemRoots = ['/', '/root', '/home', '/Users', '/var', '/var/lib', '/private', '/private/var', '/usr/local', '/tmp', '/private/tmp']
/** A home's own files; any other directory that somebody keeps in a home may be mounted. */
const homesOwn = /^(installation|token|tokens\.json|bridge\.json|config\.yaml|leases|aliases|slots|locks|users|threads|anonymous|deleted|desktop|events\b.*|.*\.tmp|.*\.broken)$/i

export interface SourceRules {
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
