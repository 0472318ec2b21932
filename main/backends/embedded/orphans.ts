import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { removeTree } from '../../remove-tree.ts'
import { commandLine, readProcess, readProcesses, signal } from './processes.ts'

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
