import { lstat, opendir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dirent, Stats } from 'node:fs'
import { threadId, userId } from '../../../shared/identity.ts'
import { diskError, errno } from '../../base/write-atomic.ts'
import type { Home } from '../home/open-home.ts'

export interface ThreadFiles extends DiskUse {
  readonly user: string
  readonly thread: string
  readonly path: string
}

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

interface DiskUse {
  /** On the disk, not in the files: holes are free, and a file with several names counts once. */
  readonly bytes: number
  readonly files: number
  /** Directories and files that could not be looked at, and so are not in the two above. */
  readonly unread: number
}

/** Inodes remembered at most; above it a file with several names counts for its share under each. */
const rememberedLinks = 200_000

export async function diskUse(dir: string): Promise<DiskUse> {
  const links = new Set<string>()
  const use = { bytes: 0, files: 0, unread: 0 }
  for await (const met of walk(dir)) {
    if ('code' in met) {
      use.unread++
      continue
    }
    const { facts } = met
    // Windows has no blocks.
    const bytes = facts.blocks === undefined ? facts.size : facts.blocks * 512
    if (facts.isDirectory()) {
      use.bytes += bytes
      continue
    }
    use.files++
    if (facts.nlink <= 1) use.bytes += bytes
    else {
      const inode = `${facts.dev} ${facts.ino}`
      if (links.has(inode)) continue
      if (links.size < rememberedLinks) links.add(inode)
      use.bytes += links.has(inode) ? bytes : Math.round(bytes / facts.nlink)
    }
  }
  return use
}

export interface Met {
  readonly path: string
  readonly facts: Stats
}
/** What could not be looked at, e.g. what a sandbox made for its own root only. */
export interface Unmet {
  readonly path: string
  readonly code: string
}

const batchSize = 64
/** A level is an open directory; below this many, names are read at once instead, so that descriptors do not run out. */
const openLevels = 100

/**
 * Everything below a directory, parents before children, in memory that does not grow with the number of files. Links are
 * met, never followed. What vanished meanwhile is left out.
 */
export async function* walk(root: string): AsyncGenerator<Met | Unmet> {
  const stack = [{ depth: 1, batches: level(root, 1) }]
  try {
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = await top.batches.next()
      if (next.done) {
        stack.pop()
        continue
      }
      // Directories last, so that this batch is told of before the walk descends.
      for (const met of next.value) yield met
      const depth = top.depth + 1
      const below = next.value.filter((met) => 'facts' in met && met.facts.isDirectory())
      for (const met of below) stack.push({ depth, batches: level(met.path, depth) })
    }
  } finally {
    for (const { batches } of stack) await batches.return()
  }
}

async function* level(path: string, depth: number): AsyncGenerator<(Met | Unmet)[], void, void> {
  let batch: Promise<Met | Unmet | null>[] = []
  const settle = async () => {
    const met = (await Promise.all(batch)).filter((one) => one !== null)
    batch = []
    return met
  }
  try {
    for await (const { name } of await entries(path, depth)) {
      batch.push(look(join(path, name)))
      if (batch.length >= batchSize) yield await settle()
    }
  } catch (error) {
    if (errno(error) !== 'ENOENT') yield [{ path, code: errno(error) }]
  }
  yield await settle()
}

async function entries(path: string, depth: number): Promise<AsyncIterable<Dirent> | Dirent[]> {
  return depth <= openLevels ? opendir(path) : readdir(path, { withFileTypes: true })
}

async function look(path: string): Promise<Met | Unmet | null> {
  try {
    return { path, facts: await lstat(path) }
  } catch (error) {
    return errno(error) === 'ENOENT' ? null : { path, code: errno(error) }
  }
}
