import type { Dirent } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { readdir } from './disk.ts'
import { errorCode } from './reply.ts'

export interface Walked {
  /** As the client wrote the root, joined with what is below it. */
  readonly path: string
  readonly name: string
  readonly entry: Dirent
  /** 1 for what lies directly in the root. */
  readonly depth: number
}

/**
 * Everything below a directory, parents before children; symbolic links are shown and not followed, so that a circle
 * ends. Directories that may not be read, or go while the walk is on, are passed over, except the root itself.
 */
export async function* walk(root: string, enter: (directory: Walked) => boolean): AsyncGenerator<Walked> {
  const waiting: { path: string; depth: number }[] = [{ path: root, depth: 0 }]
  let seen = 0
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const entry of await entries(next.path, next.depth === 0)) {
      const walked: Walked = { path: join(next.path, entry.name), name: entry.name, entry, depth: next.depth + 1 }
      yield walked
      if (entry.isDirectory() && enter(walked)) waiting.push({ path: walked.path, depth: walked.depth })
      seen += 1
      if (seen % 2000 === 0) await breathe()
    }
  }
}

const passable = new Set(['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP'])

async function entries(path: string, root: boolean): Promise<Dirent[]> {
  try {
    return (await readdir(path)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (!root && passable.has(errorCode(error) ?? '')) return []
    throw error
  }
}
