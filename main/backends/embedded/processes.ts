import { readFileSync, readdirSync } from 'node:fs'

/** One process as `/proc/PID/stat` tells it (proc(5)). */
export interface ProcessRow {
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
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
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
  return readdirSync('/proc/self/fd').map(Number).filter((fd) => {
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
