import type { Stats } from 'node:fs'
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fail } from '../../../shared/errors.ts'
import type { Env } from '../config/settle.ts'
import { errno } from '../../base/write-atomic.ts'

/** What stands at a host path, all links followed. */
export interface HostFacts {
  readonly real: string
  readonly kind: 'directory' | 'file' | 'socket' | 'other'
  /** Device and inode: the same for every name of one thing. */
  readonly inode: string
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/** null: nothing there, or a link that leads nowhere. Throws MOUNT_REFUSED for what the user Berth runs as may not look at. */
export async function hostFacts(path: string): Promise<HostFacts | null> {
  try {
    const real = await realpath(path)
    const facts = await stat(real)
    return { real, kind: kindOf(facts), inode: `${facts.dev} ${facts.ino}`, uid: facts.uid, gid: facts.gid, mode: facts.mode }
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return null
    throw fail('MOUNT_REFUSED', `${path} cannot be looked at (${errno(error)}), so that nobody knows what would be mounted`, {
      next: 'Let the user who runs Berth enter it, or mount another directory.',
      details: { path },
      cause: error,
    })
  }
}

function kindOf(facts: Stats): HostFacts['kind'] {
  if (facts.isDirectory()) return 'directory'
  if (facts.isFile()) return 'file'
  return facts.isSocket() ? 'socket' : 'other'
}

/** Where container engines listen: whoever can talk to one of these owns the machine. */
export function engineSocketPaths(env: Env): string[] {
  const runtime = env['XDG_RUNTIME_DIR']
  const user = homedir()
  return [
    ...[env['DOCKER_HOST'], env['CONTAINER_HOST']].flatMap((host) => (host?.startsWith('unix://') ? [host.slice('unix://'.length)] : [])),
    '/var/run/docker.sock',
    '/run/docker.sock',
    '/run/podman/podman.sock',
    '/run/containerd/containerd.sock',
    '/run/crio/crio.sock',
    ...(runtime ? ['docker.sock', 'podman/podman.sock'].map((name) => join(runtime, name)) : []),
    ...['.docker/run/docker.sock', '.docker/desktop/docker.sock', '.colima/default/docker.sock', '.orbstack/run/docker.sock', '.rd/docker.sock'].map((name) =>
      join(user, name),
    ),
  ]
}

/** Those that are there. One whose directory may not even be entered is out of a sandbox's reach as well. */
export async function engineSockets(env: Env): Promise<HostFacts[]> {
  const found = await Promise.all([...new Set(engineSocketPaths(env))].map((path) => hostFacts(path).catch(() => null)))
  return found.filter((facts) => facts !== null)
}

/**
 * Moves a directory that a running sandbox has mounted, and writes a word into it afterwards: a sandbox that then reads
 * the word follows the move. Whoever calls reads, and takes the file away. A failure leaves the directory where it was.
 */
export async function moveAndSay({ made, moved, file, word, mode }: { made: string; moved: string; file: string; word: string; mode: number }): Promise<void> {
  await rename(made, moved)
  const path = join(moved, file)
  try {
    // Whole when it appears, so that no half of it is read.
    await writeFile(`${path}.tmp`, word, { mode })
    await rename(`${path}.tmp`, path)
  } catch (error) {
    await rm(`${path}.tmp`, { force: true })
    await rename(moved, made)
    throw error
  }
}
