import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createServer } from 'node:net'
import { existsSync } from 'node:fs'
import { release } from 'node:os'
import type { Clock } from '../../base/clock.ts'
import type { SandboxSpec } from '../backend.ts'
import { orAborted } from '../../../shared/abort.ts'
import { fail } from '../../../shared/errors.ts'
import type { Child } from './child.ts'
import { etcFiles } from './bwrap-args.ts'

/** Longest from spawned to listening, ms. */
const startPatience = 10_000

/** Its port. CANCELLED by the signal, NOT_READY when it takes too long; the child is the caller's to end. */
export async function listening(child: Child, spec: SandboxSpec, signal: AbortSignal, clock: Clock): Promise<number> {
  // Before listening for it: it may have come while the child was being started.
  if (signal.aborted) throw calledOff(spec)
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = clock.timer(startPatience, () => {
    const said = child.log.last(5).join(' | ')
    reject(
      fail('NOT_READY', `The sandbox's server did not listen within ${startPatience / 1000} s: ${said}`, {
        next: 'The machine may be overloaded: try again. `berth doctor` checks the isolation.',
        details: { log: child.log.last(20) },
      }),
    )
  })
  try {
    return await orAborted(Promise.race([child.listening, late]), signal, () => calledOff(spec))
  } finally {
    timer.cancel()
  }
}

/** MOUNT_MISSING before anything is started. */
export async function checkMounts(spec: SandboxSpec): Promise<void> {
  for (const { source, target } of spec.mounts) {
    try {
      await stat(source)
    } catch (cause) {
      throw fail('MOUNT_MISSING', `${source}, which is to be mounted at ${target}, is not there or cannot be read.`, {
        next: 'Create it, or take the mount out of the configuration.',
        details: { source, target },
        cause,
      })
    }
  }
}

/** Unisolated, nothing can be mounted: the server is told which directories stand for which paths, and commands where the thread's own is. */
export function bareEnvironment(spec: SandboxSpec, home: string, path: string | undefined): Record<string, string> {
  const userData = spec.mounts.find(({ target }) => target === '/mnt/user-data')
  return {
    PATH: path ?? '/usr/local/bin:/usr/bin:/bin',
    BERTH_MOUNTS: JSON.stringify(spec.mounts),
    HOME: home,
    WORKSPACE: userData ? join(userData.source, 'workspace') : home,
  }
}

export function calledOff(spec: SandboxSpec): Error {
  return fail('CANCELLED', `The start of ${spec.name} was called off.`, {
    next: 'Acquire again if the sandbox is still wanted.',
  })
}

/** The first free loopback port from `first` upward; nothing reserves it. Called off, it is whichever port it came to. */
export async function freePort(first: number, signal: AbortSignal): Promise<number> {
  for (let port = first; port < first + 1_000 && port <= 65_535; port += 1) {
    if (signal.aborted || (await isFree(port))) return port
  }
  throw portsTaken(first)
}

export function portsTaken(first: number | null, cause?: unknown): Error {
  return fail('PORT_TAKEN', `No port from ${first} upward is free.`, { next: 'Set another `port`, or none.', details: { port: first }, cause })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Of a server that ended before it listened: what it said is its own, nothing else has run there yet. */
export function foundPortTaken(child: Child): boolean {
  return child.log.last(20).some((line) => line.includes('EADDRINUSE'))
}

// Without a cgroup, which an ordinary user often cannot make, little can be limited honestly. The number of processes can,
// by RLIMIT_NPROC: since Linux 5.14 it counts within a user namespace, so one sandbox does not use up another's; it
// never holds for the host's root. Memory cannot: RLIMIT_AS counts address space, of which Node reserves
// gigabytes it never touches, and every limit is of one process anyway.

const prlimit = '/usr/bin/prlimit'

/** The command, held to what can be held to. */
export function limited(command: readonly string[], resources: SandboxSpec['resources'], userNamespace: boolean): string[] {
  if (resources.pids === null || !pidsHold(userNamespace)) return [...command]
  return [prlimit, `--nproc=${resources.pids}:${resources.pids}`, '--', ...command]
}

/** Which of the limits set are not enforced. */
export function unenforced(resources: SandboxSpec['resources'], userNamespace: boolean): string[] {
  return [
    ...(resources.memory === null ? [] : ['memory']),
    ...(resources.cpus === null ? [] : ['cpus']),
    ...(resources.pids === null || pidsHold(userNamespace) ? [] : ['pids']),
  ]
}

function pidsHold(userNamespace: boolean): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  const counted = major > 5 || (major === 5 && minor >= 14)
  return userNamespace && counted && process.getuid?.() !== 0 && existsSync(prlimit)
}

/** Writes the made files of `/etc`, which every sandbox of one backend shares read-only. */
export async function writeEtc(dir: string, userNamespace: boolean): Promise<void> {
  await mkdir(dir, { recursive: true })
  for (const [name, text] of Object.entries(etcFiles(userNamespace))) await writeFile(join(dir, name), text, { mode: 0o644 })
}
