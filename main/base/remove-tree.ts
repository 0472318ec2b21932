import { randomBytes } from 'node:crypto'
import { chmod, lstat, readdir, rename, rmdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errno } from './write-atomic.ts'

/** What the user Berth runs as may not delete; a sandbox, where it was made, can. */
export interface Left {
  readonly path: string
  readonly code: string
}

export interface Removed {
  /** The first hundred; `leftCount` says how many there are. */
  readonly left: readonly Left[]
  readonly leftCount: number
}

const shown = 100
const batchSize = 32
/** Some systems say EEXIST. */
const notEmpty = new Set(['ENOTEMPTY', 'EEXIST'])
/** A sandbox can nest deeper than a path can be long; from here on a directory is first moved up beside the root. */
const longestPath = 2_000

/**
 * Deletes a directory and all below it. Links are deleted, not followed. Goes on past what it may not delete, and reports
 * that. `root` must lie in a directory of its own kind (`deleted/`), as siblings of it may be made on the way.
 */
export async function removeTree(root: string): Promise<Removed> {
  const left: Left[] = []
  let leftCount = 0
  const leave = (path: string, error: unknown) => {
    if (errno(error) === 'ENOENT') return
    leftCount++
    if (left.length < shown) left.push({ path, code: errno(error) || String(error) })
  }
  /** Each directory twice: once to empty it, once, below its children on the stack, to remove it itself. */
  const stack: { path: string; emptied: boolean }[] = [{ path: root, emptied: false }]
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { path } = top
    if (top.emptied) {
      // Not empty: what is in it is reported already, and the directory with it.
      await rmdir(path).catch((error: unknown) => (notEmpty.has(errno(error)) ? undefined : leave(path, error)))
      continue
    }
    try {
      const names = await namesIn(path)
      stack.push({ path, emptied: true })
      for (let n = 0; n < names.length; n += batchSize) {
        await Promise.all(names.slice(n, n + batchSize).map((name) => handle(join(path, name))))
      }
    } catch (error) {
      leave(path, error)
    }
  }
  return { left, leftCount }

  async function handle(path: string): Promise<void> {
    try {
      if (!(await lstat(path)).isDirectory()) await unlink(path)
      else if (path.length <= longestPath) stack.push({ path, emptied: false })
      else {
        const nearer = join(dirname(root), randomBytes(8).toString('hex'))
        await rename(path, nearer)
        stack.push({ path: nearer, emptied: false })
      }
    } catch (error) {
      leave(path, error)
    }
  }
}

/** A directory of our own that forbids its owner to look in or to delete is opened first. */
async function namesIn(path: string): Promise<string[]> {
  const facts = await lstat(path)
  if (!facts.isDirectory()) throw Object.assign(new Error('no directory any more'), { code: 'ENOTDIR' })
  if (process.platform !== 'win32' && (facts.mode & 0o700) !== 0o700 && facts.uid === process.getuid?.()) {
    await chmod(path, 0o700)
  }
  return readdir(path)
}
