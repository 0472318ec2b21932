import { existsSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { spawnForAgent } from './agent-process.ts'
import { lane } from './disk.ts'

/**
 * Where commands start that say nothing else. It is asked for at each command: a server that was started ahead has its
 * thread's files only later, and the agent may remove the directory.
 */
export interface Workspace {
  /** Where it is, or would be; nothing is made. */
  path(): string
  /** A directory that is there: made again where it is missing, another one where something stands in its place. */
  enter(): Promise<Entered>
}

/** `note` says why it is another directory. */
export interface Entered {
  readonly directory: string
  readonly note: string | null
}

const userData = '/mnt/user-data'

/** `asked` is what the environment says; otherwise it is the thread's, where a thread's directories are mounted. */
export function workspaceOf(asked: string | undefined, home: string, mounted = userData): Workspace {
  const path = (): string => asked || (existsSync(mounted) ? `${mounted}/workspace` : home)
  return {
    path,
    async enter() {
      const directory = path()
      if (await isDirectory(directory)) return { directory, note: null }
      const why = await mkdir(directory).then(
        () => null,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
      if (await isDirectory(directory)) return { directory, note: null }
      for (const other of [mounted, home]) if (await isDirectory(other)) return { directory: other, note: noteOf(directory, other, why) }
      return { directory: '/', note: noteOf(directory, '/', why) }
    },
  }
}

function noteOf(wanted: string, other: string, why: string | null): string {
  return `[${wanted} is no directory and cannot be made${why === null ? '' : ` (${why})`}; this runs in ${other}]\n`
}

/** One thread at most, for as long as a local disk needs on a machine that is busy. */
const soon = lane(1, 1000, () => new TooLate())
const boundMs = 5_000

class TooLate extends Error {}

/**
 * Whether a command can start there. Apart from the places of file operations, so that these never hold up a command; and
 * where the answer does not come at once (a mount whose server is gone), it is asked for in a process that can be ended.
 */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await soon(() => stat(path))).isDirectory()
  } catch (error) {
    return error instanceof TooLate ? await isDirectoryElsewhere(path) : false
  }
}

async function isDirectoryElsewhere(path: string): Promise<boolean> {
  const child = spawnForAgent('bash', ['-c', 'test -d "$1"', 'test', path], { cwd: '/', stdio: 'ignore' })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  child.once('error', () => resolve(false))
  child.once('exit', (code) => resolve(code === 0))
  // Not waited for beyond that: a process in such a call may not even take the signal.
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    resolve(false)
  }, boundMs)
  const found = await promise
  clearTimeout(timer)
  return found
}
