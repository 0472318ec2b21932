import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type Docker from 'dockerode'

/** Resident memory of a process, MiB. */
export async function rss(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024
}

/** Proportional memory of a process, MiB: pages shared by several count by their share. */
export async function pss(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? Number.NaN) / 1024
}

/** CPU time a process has used, in seconds; of its children too, once they ended. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Host pids of everything in a container. */
export async function processesOf(container: Docker.Container): Promise<number[]> {
  const top = (await container.top({ ps_args: '-o pid' })) as { Processes: string[][] }
  return top.Processes.map(([pid]) => Number(pid))
}

/** What an empty Node of the same binary takes, MiB: the measure for the engine's own. */
export async function emptyNodeRss(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' })
  try {
    await new Promise((resolve) => setTimeout(resolve, 1500))
    return await rss(child.pid ?? 0)
  } finally {
    child.kill('SIGKILL')
  }
}
