import { readFileSync } from 'node:fs'
import type { UsageSample } from '../backend.ts'
import { descendants, type ProcessRow, readProcesses } from './processes.ts'

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
    cpuMs: (ticks / ticksPerSecond) * 1000, memory: pages * pageBytes, memoryLimit: null, pids: count,
    netIn: null, netOut: null, diskRead: null, diskWritten: null,
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
