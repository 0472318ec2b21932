import { randomBytes } from 'node:crypto'
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../../shared/errors.ts'
import { diskError, errno } from '../home/disk-error.ts'
import type { Home } from '../home/open-home.ts'
import { diskUse } from './disk-use.ts'
import { anonymousPlace } from './places.ts'
import { removeTree, type Left } from '../remove-tree.ts'
import { isThere, threadDir } from './thread-dir.ts'

export interface Deleted {
  /** What it used, as far as it could be read. */
  readonly bytes: number
  readonly left: readonly Left[]
  readonly leftCount: number
}

/**
 * Deletes a thread's files for ever. Nobody may have them mounted. First the whole is moved aside, so that a crash leaves
 * no half thread under its name; what the host may not delete is in `left` and lies below `home.paths.deleted`, to be
 * deleted from inside a sandbox. Throws THREAD_NOT_FOUND, HOME_UNUSABLE.
 */
export async function deleteThread(home: Home, user: string, thread: string): Promise<Deleted> {
  const dir = await threadDir(home, user, thread)
  if (!(await isThere(dir))) {
    throw fail('THREAD_NOT_FOUND', `There are no files of thread ${thread} of user ${user}`, {
      next: '`threads` lists those that have files.',
    })
  }
  return discardDirectory(home, dir)
}

/** The same for an anonymous sandbox, whose files end with it. Gone already is fine. */
export async function discardAnonymous(home: Home, id: string): Promise<Deleted> {
  return discardDirectory(home, anonymousPlace(home.paths, id))
}

async function discardDirectory(home: Home, dir: string): Promise<Deleted> {
  const aside = join(home.paths.deleted, randomBytes(8).toString('hex'))
  try {
    await rename(dir, aside)
  } catch (error) {
    if (errno(error) === 'ENOENT') return { bytes: 0, left: [], leftCount: 0 }
    throw await diskError(error, dir, "move a thread's files aside to delete them")
  }
  const { bytes } = await diskUse(aside)
  return { bytes, ...(await removeTree(aside)) }
}

/** At start: finishes what a crash interrupted. */
export async function sweepDeleted(home: Home): Promise<Deleted> {
  return sweep(home.paths.deleted, () => true, (path) => removeTree(path))
}

/** At start: files of anonymous sandboxes that are gone. `alive`: asked after the directories were listed, as new ones may come meanwhile. */
export async function sweepAnonymous(home: Home, alive: Pick<ReadonlySet<string>, 'has'>): Promise<Deleted> {
  return sweep(home.paths.anonymous, (name) => !alive.has(name) && /^[a-f0-9]{16}$/.test(name), (path) => discardDirectory(home, path))
}

async function sweep(
  dir: string,
  chosen: (name: string) => boolean,
  remove: (path: string) => Promise<{ left: readonly Left[]; leftCount: number; bytes?: number }>,
): Promise<Deleted> {
  let names: string[]
  try {
    names = await readdir(dir)
  } catch (error) {
    throw await diskError(error, dir, 'look for files to be deleted')
  }
  const left: Left[] = []
  let [leftCount, bytes] = [0, 0]
  for (const name of names.filter(chosen)) {
    const removed = await remove(join(dir, name))
    left.push(...removed.left)
    leftCount += removed.leftCount
    bytes += removed.bytes ?? 0
  }
  return { bytes, left, leftCount }
}
