import { readdirSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'

/** Milliseconds between the polite signal and the certain one. */
export const killAfter = 2000

/** Signals one process or, with a negative number, a group. False if there is none any more. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false // ESRCH: it has ended, which is what was wanted. EPERM: it became another user's; nothing can be done.
  }
}

/** Signals everything in the session that `leader` leads: its group, and the groups that job control made in it. */
export function signalSession(leader: number, name: NodeJS.Signals): void {
  signal(-leader, name)
  for (const each of processTable()) {
    if (each.session === leader && each.group !== leader) signal(each.pid, name)
  }
}

/** 128 + this is what a shell reports for a process that a signal ended. */
export function signalNumber(name: NodeJS.Signals | null): number {
  return name ? constants.signals[name] : 0
}

export interface ProcessRow {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly name: string
  readonly state: string
  /** Seconds after boot. */
  readonly startedAt: number
  readonly cpuSeconds: number
  readonly rssBytes: number
}

/** Kernel ticks a second; 100 on every architecture that Linux's user space is built for. */
const ticks = 100
const pageBytes = 4096

/** All processes that `/proc` shows; none where there is no `/proc`. */
export function processTable(): ProcessRow[] {
  return names().flatMap((name) => row(Number(name)) ?? [])
}

export function uptimeSeconds(): number {
  return Number.parseFloat(readOr('/proc/uptime', '0'))
}

/** The process group that a terminal's keys reach, asked by any process of that terminal; null where there is none, or the kernel does not tell. */
export function foregroundGroup(pid: number): number | null {
  const stat = readOr(`/proc/${pid}/stat`, '')
  const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[5])
  return group > 0 ? group : null
}

/** A process's program as the kernel names it, and whether it has a handler for SIGINT; null where there is none. */
export function interruptHandler(pid: number): { name: string; caught: boolean } | null {
  const status = readOr(`/proc/${pid}/status`, '')
  const name = /^Name:\t(.*)$/m.exec(status)?.[1]
  const caught = /^SigCgt:\t[0-9a-f]*([0-9a-f])$/m.exec(status)?.[1]
  // Bit 1, counted from 0, is signal 2.
  return name === undefined || caught === undefined ? null : { name, caught: (Number.parseInt(caught, 16) & 2) !== 0 }
}

/** Direct children, in one read; none where the kernel does not tell. */
export function childrenOf(pid: number): number[] {
  return readOr(`/proc/${pid}/task/${pid}/children`, '')
    .split(' ')
    .filter((each) => each !== '')
    .map(Number)
}

function row(pid: number): ProcessRow | null {
  const stat = readOr(`/proc/${pid}/stat`, '')
  // The name is in parentheses and may hold anything, spaces and parentheses too.
  const open = stat.indexOf('(')
  const close = stat.lastIndexOf(')')
  if (open < 0 || close < 0) return null
  const rest = stat.slice(close + 2).split(' ')
  const field = (index: number): number => Number(rest[index] ?? 0)
  return {
    pid,
    parent: field(1),
    group: field(2),
    session: field(3),
    name: stat.slice(open + 1, close),
    state: rest[0] ?? '?',
    startedAt: field(19) / ticks,
    cpuSeconds: (field(11) + field(12)) / ticks,
    rssBytes: field(21) * pageBytes,
  }
}

function names(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return [] // No /proc here (macOS): callers then have the process group alone.
  }
}

/** A process that ended while the table was read is simply not in it. */
function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return fallback
  }
}
