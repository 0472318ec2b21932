import { setTimeout as sleep } from 'node:timers/promises'
import { commandLine, descendants, readProcess, readProcesses } from '../../main/backends/embedded/processes.ts'

/** Watches what sandboxes a host has below it, so that after its end each process can be asked for. The guard ends them, and by itself. */
export interface Family {
  stop(): void
  left(within: number): Promise<string[]>
}

/** `marks`: words that stand in the command line of whatever belongs to a sandbox. */
export function watchFamily(pid: number, marks: readonly string[]): Family {
  const seen = new Map<string, { pid: number; started: number; command: string }>()
  const look = () => {
    for (const row of descendants(readProcesses(), pid)) {
      const key = `${row.pid}:${row.started}`
      if (!seen.has(key) && !commandLine(row.pid).join(' ').includes('read -r farewell'))
        seen.set(key, { pid: row.pid, started: row.started, command: commandLine(row.pid).join(' ').slice(0, 80) })
    }
  }
  const timer = setInterval(look, 100)
  const alive = () => {
    const known = [...seen.values()].filter((it) => {
      const now = readProcess(it.pid)
      return now !== null && now.started === it.started && now.state !== 'Z'
    })
    const marked = readProcesses().filter(
      (row) => row.state !== 'Z' && row.pid !== process.pid && commandLine(row.pid).some((word) => marks.some((mark) => word.includes(mark))),
    )
    return [...known.map((it) => `${it.pid} ${it.command}`), ...marked.map((row) => `${row.pid} ${commandLine(row.pid).join(' ').slice(0, 80)}`)]
  }
  return {
    stop: () => clearInterval(timer),
    async left(within) {
      const end = performance.now() + within
      for (;;) {
        const left = alive()
        if (left.length === 0 || performance.now() > end) return left
        await sleep(20)
      }
    },
  }
}
