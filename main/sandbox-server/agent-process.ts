import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

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
