import { constants } from 'node:os'
import { processTable } from './process-table.ts'

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
