import { readFile } from 'node:fs/promises'

/** Start time of a process in clock ticks (field 22 of /proc/<pid>/stat), so that a reused pid is told apart; null elsewhere. */
export async function processStamp(pid: number): Promise<string | null> {
  return (await statOf(pid))?.started ?? null
}

/** Null: no such process, or no /proc, so that signal 0 has to be asked. `ended`: it is only there for its parent to hear of its end, which some never do. */
async function statOf(pid: number): Promise<{ started: string | null; ended: boolean } | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The command in field 2 may hold spaces and parentheses: count from its last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { started: fields[19] ?? null, ended: fields[0] === 'Z' || fields[0] === 'X' }
  } catch {
    return null
  }
}

/** Whether this very process still runs. Where it cannot be told, it is taken to. */
export async function isRunning(pid: number, stamp: string | null): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
  const now = await statOf(pid)
  if (now?.ended) return false
  return stamp === null || now === null || now.started === null || now.started === stamp
}
