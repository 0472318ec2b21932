import { existsSync } from 'node:fs'
import { release } from 'node:os'
import type { SandboxSpec } from '../backend.ts'

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
