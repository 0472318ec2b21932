import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { threadId, userId } from '../../shared/identity.ts'
import { diskError, errno } from '../home/disk-error.ts'
import type { Home } from '../home/open-home.ts'
import { diskUse, type DiskUse } from './disk-use.ts'

export interface ThreadFiles extends DiskUse { readonly user: string; readonly thread: string; readonly path: string }

/** Threads that have files in this home, of one user or of all, ordered by name. Reads every directory of them. */
export async function listThreads(home: Home, only?: string): Promise<ThreadFiles[]> {
  const users = (await directories(home.paths.users)).filter((name) => userId.safeParse(name).success)
  const found = new Map<string, { user: string; thread: string; path: string }>()
  const add = async (user: string, dir: string) => {
    if (only !== undefined && only !== user) return
    for (const thread of (await directories(dir)).filter((name) => threadId.safeParse(name).success)) {
      const key = `${user}:${thread}`
      // Where both places have it, the current one is the one in use.
      if (!found.has(key)) found.set(key, { user, thread, path: join(dir, thread) })
    }
  }
  for (const user of users) await add(user, join(home.paths.users, user, 'threads'))
  await add('default', home.paths.threads)
  const rows = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  const threads: ThreadFiles[] = []
  for (const row of rows) threads.push({ ...row, ...(await diskUse(row.path)) })
  return threads
}

/** Links to directories are none. */
async function directories(path: string): Promise<string[]> {
  try {
    return (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return []
    throw await diskError(error, path, 'list its threads')
  }
}
