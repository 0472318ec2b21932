import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { isDirectory } from './start-directory.ts'

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
export interface Entered { readonly directory: string; readonly note: string | null }

const userData = '/mnt/user-data'

/** `asked` is what the environment says; otherwise it is the thread's, where a thread's directories are mounted. */
export function workspaceOf(asked: string | undefined, home: string, mounted = userData): Workspace {
  const path = (): string => asked || (existsSync(mounted) ? `${mounted}/workspace` : home)
  return {
    path,
    async enter() {
      const directory = path()
      if (await isDirectory(directory)) return { directory, note: null }
      const why = await mkdir(directory)
        .then(() => null, (error: unknown) => (error instanceof Error ? error.message : String(error)))
      if (await isDirectory(directory)) return { directory, note: null }
      for (const other of [mounted, home]) if (await isDirectory(other)) return { directory: other, note: noteOf(directory, other, why) }
      return { directory: '/', note: noteOf(directory, '/', why) }
    },
  }
}

function noteOf(wanted: string, other: string, why: string | null): string {
  return `[${wanted} is no directory and cannot be made${why === null ? '' : ` (${why})`}; this runs in ${other}]\n`
}
