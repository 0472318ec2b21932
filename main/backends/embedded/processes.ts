import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { removeTree } from '../../base/remove-tree.ts'
import { errno } from '../../base/write-atomic.ts'
import type { UsageSample } from '../backend.ts'

/** One process as `/proc/PID/stat` tells it (proc(5)). */
interface ProcessRow {
  readonly pid: number
  readonly state: string
  readonly parent: number
  /** Clock ticks since boot: this and the pid name a process for ever. */
  readonly started: number
}

/** Null: there is no such process any more. */
export function readProcess(pid: number, task = pid): ProcessRow | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8')
  } catch {
    // It ended, between the listing and now or long ago: that is the answer.
    return null
  }
  // The command's name stands in parentheses and may itself hold any of them: count from the last one.
  const rest = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { pid: task, state: rest[0] ?? '?', parent: Number(rest[1]), started: Number(rest[19]) }
}

/** Every process of this machine that we may see; none where there is no `/proc` (not Linux). */
export function readProcesses(): ProcessRow[] {
  if (process.platform !== 'linux') return []
  const rows: ProcessRow[] = []
  for (const name of readdirSync('/proc')) {
    const row = /^\d+$/.test(name) ? readProcess(Number(name)) : null
    if (row) rows.push(row)
  }
  return rows
}

/** All below `root`, parents before children. Orphans of a pid namespace go to its first process, so none is missed. */
export function descendants(rows: readonly ProcessRow[], root: number): ProcessRow[] {
  const children = new Map<number, ProcessRow[]>()
  for (const row of rows) children.set(row.parent, [...(children.get(row.parent) ?? []), row])
  const found: ProcessRow[] = []
  const queue = [root]
  for (const at of queue) {
    for (const child of children.get(at) ?? []) {
      found.push(child)
      queue.push(child.pid)
    }
  }
  return found
}

/** States of all threads: the first may have ended (`Z`) while others run. */
export function threadStates(pid: number): string[] {
  let names: string[]
  try {
    names = readdirSync(`/proc/${pid}/task`)
  } catch {
    // It ended meanwhile.
    return []
  }
  return names.map((name) => readProcess(pid, Number(name))?.state ?? 'X')
}

export function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    // It ended meanwhile, or is not for us to see: then it is not ours either.
    return []
  }
}

/** Sends a signal; false when the process is gone already. Any other failure is thrown. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name)
    return true
  } catch (error) {
    if (errno(error) === 'ESRCH') return false
    throw error
  }
}

/**
 * Descriptors from 3 up that every child of this process would inherit: whoever started it left them open without
 * O_CLOEXEC. An inherited directory would be a way out of a sandbox.
 */
export function inheritableDescriptors(): number[] {
  if (process.platform !== 'linux') return []
  const cloexec = 0o2000000
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      if (fd < 3) return false
      try {
        const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]
        return flags !== undefined && (Number.parseInt(flags, 8) & cloexec) === 0
      } catch {
        // The descriptor of the listing itself, closed by now.
        return false
      }
    })
}

// Everything of a sandbox dies with the engine by the kernel's parent-death signal. Only at the beginning of a start,
// before bubblewrap and its child are bound to the engine's life, can a killed engine leave a process behind (empty still:
// the key was not given, so the server ends). The guard takes those away, or else the next engine of the same home.

const word = 'berth-sandbox-of='

/** A last word for the command line of every sandbox, by which its engine and home are told. Not secret. */
export function ownerMark(installation: string, enginePid: number): string {
  return `${word}${installation}:${enginePid}:${readProcess(enginePid)?.started ?? 0}`
}

/** Kills what engines of this installation left that do not run any more. Returns how many processes. */
export function sweepOrphans(installation: string): number {
  let killed = 0
  for (const { pid } of readProcesses()) {
    const mark = commandLine(pid).find((part) => part.startsWith(word))
    if (!mark) continue
    const [owner, engine, started] = mark.slice(word.length).split(':')
    if (owner !== installation || readProcess(Number(engine))?.started === Number(started)) continue
    try {
      if (signal(pid, 'SIGKILL')) killed += 1
    } catch {
      // Another user's process with our word in its name: not ours, whatever it says.
    }
  }
  return killed
}

/** Ends with the engine that it guards, or, after an orderly close, at once. */
export interface Guard {
  dismiss(): void
}

/**
 * A shell without a program of its own: two lines of input at most, the mark and a farewell. Where the input ends without
 * the farewell, the engine was killed; then it kills what carries the mark as its first word, for two seconds or so, as a
 * start that was under way may still bring something forth. `read` leaves out the zero bytes of a command line.
 */
const script = `read -r mark
read -r farewell && exit 0
for pause in 0.05 0.1 0.2 0.4 0.8 0; do
  for process in /proc/[0-9]*; do
    words=
    read -r words < "$process/cmdline"
    case "$words" in "$mark"*) kill -9 "\${process#/proc/}" ;; esac
  done
  sleep $pause
done`

/**
 * Watches over a killed engine's sandboxes from outside. The kernel ends those that run; but a bubblewrap that dies in the
 * middle of a start (of its engine's end, or of the pipe that it tells its child by) leaves that child waiting for a word
 * from it for ever: bubblewrap.c, `read (child_wait_fd, ...)` after `handle_die_with_parent` of the parent.
 */
export function startGuard(mark: string): Guard {
  const child = spawn('/bin/sh', ['-c', script], {
    // A session of its own, so that it outlives a Ctrl-C that ends the engine; the mark is not in its own command line.
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  })
  // Without a guard, the next engine of this home takes away what stayed.
  child.on('error', () => undefined)
  const input = child.stdin as Socket
  input.on('error', () => undefined)
  input.write(`${mark}\n`)
  // It keeps no engine alive.
  child.unref()
  input.unref()
  return { dismiss: () => void input.end('farewell\n') }
}

/** Of Linux on every machine that Node runs on (`getconf CLK_TCK`, `getconf PAGESIZE` on x64 and most arm64). */
const ticksPerSecond = 100
const pageBytes = 4096

/** Within this the list of the machine's processes is read once, for however many sandboxes are measured. Milliseconds. */
const freshMs = 500

/** Measures process trees. */
export function usageReader(now: () => number): (root: number) => UsageSample | null {
  let known: { rows: readonly ProcessRow[]; at: number } | null = null
  return (root) => {
    if (known === null || now() - known.at > freshMs) known = { rows: readProcesses(), at: now() }
    return readUsage(known.rows, root)
  }
}

/** What a sandbox's process tree uses, by `/proc`; null where it has ended. Processes that ended since are not in the CPU time. */
function readUsage(rows: readonly ProcessRow[], root: number): UsageSample | null {
  const tree = [root, ...descendants(rows, root).map((row) => row.pid)]
  let ticks = 0
  let pages = 0
  let count = 0
  for (const pid of tree) {
    const used = usedBy(pid)
    if (used === null) continue
    ticks += used.ticks
    pages += used.pages
    count += 1
  }
  if (count === 0) return null
  return {
    cpuMs: (ticks / ticksPerSecond) * 1000,
    memory: pages * pageBytes,
    memoryLimit: null,
    pids: count,
    netIn: null,
    netOut: null,
    diskRead: null,
    diskWritten: null,
  }
}

/** Resident pages without those shared with other processes, which would be counted once for each (`/proc/PID/statm`, proc(5)). */
function usedBy(pid: number): { ticks: number; pages: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number)
    // utime, stime and those of children that were waited for: fields 14 to 17.
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(rest[at]), 0)
    return { ticks, pages: Math.max(0, resident - shared) }
  } catch {
    // It ended between the listing and now.
    return null
  }
}

/** A directory name for an unisolated sandbox, by which the engine that has to remove it is told; never one that was there before. */
export function bareName(sandbox: string): string {
  return `${sandbox}.${process.pid}.${readProcess(process.pid)?.started ?? 0}.${randomBytes(4).toString('hex')}`
}

/** Removes the directories of unisolated sandboxes whose engine does not run any more. What may not be removed is tried again at the next start. */
export async function sweepBare(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []) // There never was one.
  for (const name of names) {
    const [, engine, started] = /\.(\d+)\.(\d+)\.[a-f0-9]{8}$/.exec(name) ?? []
    if (engine === undefined || readProcess(Number(engine))?.started !== Number(started)) await removeTree(join(directory, name))
  }
}
