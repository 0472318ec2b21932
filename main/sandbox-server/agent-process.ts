import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { RequestError } from './reply.ts'

/** Bytes that one argument or one `NAME=value` may have for the kernel, its ending NUL included (MAX_ARG_STRLEN). */
export const argumentLimit = 131_072

/** Why a program could not be started, said to whoever asked for it; what is no such reason is given back as it is. */
export function spawnFault(cause: unknown, env: Readonly<Record<string, string>>): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null
  if (code === 'E2BIG') return tooBig(env)
  if (code === 'ERR_INVALID_ARG_VALUE') return new RequestError(400, 'A value of the environment holds a NUL character, which none can')
  if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') {
    return new RequestError(
      400,
      `The command cannot be started (${code}): its directory has gone or is closed to it, or there is no bash`,
      'Name another directory',
      cause,
    )
  }
  // A limit that is full now: once something ends there is room again.
  if (code === 'EAGAIN' || code === 'ENOMEM' || code === 'EMFILE' || code === 'ENFILE') {
    return new RequestError(503, `The sandbox has no room for one more process (${code})`, 'End something that runs there, or wait')
  }
  return cause
}

function tooBig(env: Readonly<Record<string, string>>): RequestError {
  const sizes = Object.entries(env).map(([name, value]) => ({ name, bytes: Buffer.byteLength(name) + Buffer.byteLength(value) + 2 }))
  const longest = sizes.toSorted((a, b) => b.bytes - a.bytes)[0]
  if (longest !== undefined && longest.bytes > argumentLimit) {
    return new RequestError(
      400,
      `The environment variable ${longest.name} has ${longest.bytes - 1} bytes with its name; ${argumentLimit - 1} is the most that Linux takes`,
      'Write its value to a file, and let the command read it from there',
    )
  }
  const all = sizes.reduce((sum, each) => sum + each.bytes, 0)
  return new RequestError(
    400,
    `The environment has ${all} bytes in all, more than Linux takes`,
    'Write long values to files, and let the command read them from there',
  )
}

// Everything that this server starts is the agent's: it runs as the agent's user, and where memory ends it goes first.

/** Of `oom_score_adj`: whatever the size of the two, the kernel takes a process with this before one with the server's 0. */
const goesFirst = '1000'

/** Starts a program for the agent; without `env` it gets nothing of the server's own environment but its PATH. */
export function spawnForAgent(name: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(programPath(name) ?? name, args, { ...agentIds(), env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' }, ...options })
  if (child.pid !== undefined) goFirst(child.pid)
  return child
}

/**
 * Where a program is by the server's own PATH, as the agent's may be set by mistake to one without a shell; null: nowhere.
 * Its mode decides, not `access`, which asks for the real user instead of the agent.
 */
export function programPath(name: string): string | null {
  if (name.includes('/')) return name
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '')
  return directories.map((directory) => join(directory, name)).find(executable) ?? null
}

/** Raising it needs no right; its children inherit it. Elsewhere than on Linux there is nothing to write to. */
function goFirst(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, goesFirst)
  } catch {
    // It ended already, or this is no Linux.
  }
}

/** Where the server has an identity of its own, it acts as the agent and starts programs as it: see `server-user.ts`. */
function agentIds(): { uid?: number; gid?: number } {
  const [uid, gid] = [process.geteuid?.(), process.getegid?.()]
  return uid === undefined || gid === undefined || uid === process.getuid?.() ? {} : { uid, gid }
}

function executable(file: string): boolean {
  try {
    const facts = statSync(file)
    return facts.isFile() && (facts.mode & 0o111) !== 0
  } catch {
    return false
  }
}

// The kernel ends a process where the sandbox's memory ends, and says so only in the counters of its cgroup. A command
// that lost one ends with 137 or goes on with less than it believes; whoever ran it is told by a line of its output.

/** Where a container sees its own cgroup: version 2, then 1. */
const places = [
  { counts: '/sys/fs/cgroup/memory.events', limit: '/sys/fs/cgroup/memory.max' },
  { counts: '/sys/fs/cgroup/memory/memory.oom_control', limit: '/sys/fs/cgroup/memory/memory.limit_in_bytes' },
] as const

/** How many processes of this sandbox the kernel has ended so far for want of memory; 0 where it does not tell. */
export function memoryKills(): number {
  for (const { counts } of places) {
    const count = /^oom_kill (\d+)$/m.exec(read(counts) ?? '')?.[1]
    if (count !== undefined) return Number(count)
  }
  return 0
}

/** What to tell whoever ran a command meanwhile; null: nothing was ended since there were `before`. */
export function outOfMemory(before: number): string | null {
  const ended = memoryKills() - before
  if (ended <= 0) return null
  const limit = limitOf(places.map((place) => read(place.limit)).find((text) => text !== null) ?? 'max')
  const where = limit === null ? 'the machine had no memory left' : `this sandbox reached its limit of ${limit}`
  const processes = ended === 1 ? 'one of its processes' : `${ended} of its processes`
  return `[out of memory: ${where}, and the kernel ended ${processes}${limit === null ? '' : '; `resources.memory` in the configuration of Berth raises it'}]\n`
}

/** As the configuration writes it; null: there is none, which version 1 tells by a number beyond every machine. */
function limitOf(text: string): string | null {
  const bytes = Number(text)
  if (!Number.isFinite(bytes) || bytes <= 0 || bytes > 2 ** 50) return null
  return bytes % 2 ** 30 === 0 ? `${bytes / 2 ** 30}g` : `${Math.round(bytes / 2 ** 20)}m`
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return null // The other version's file, or a sandbox that does not see its cgroup.
  }
}
