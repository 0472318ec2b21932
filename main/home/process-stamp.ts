import { readFile } from 'node:fs/promises'

/** Start time of a process in clock ticks (field 22 of /proc/<pid>/stat), so that a reused pid is told apart; null elsewhere. */
export async function processStamp(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The command in field 2 may hold spaces and parentheses: count from its last one.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null // no such process, or no /proc: the caller asks by signal 0
  }
}

/** Whether this very process still runs. Where it cannot be told, it is taken to. */
export async function isRunning(pid: number, stamp: string | null): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
  if (stamp === null) return true
  const now = await processStamp(pid)
  return now === null || now === stamp
}
