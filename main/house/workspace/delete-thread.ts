import { randomBytes } from 'node:crypto'
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { asBerthError, fail } from '../../../shared/errors.ts'
import { type Left, removeTree } from '../../base/remove-tree.ts'
import { diskError, errno } from '../../base/write-atomic.ts'
import type { Home } from '../home/open-home.ts'
import { diskUse } from './list-threads.ts'
import { anonymousPlace } from './places.ts'
import { isThere, threadDir } from './ensure-thread.ts'
import type { CallResult } from '../../../shared/contract.ts'
import type { NewEvent } from '../../../shared/events.ts'
import { containerId } from '../home/generations.ts'
import type { FileLocks } from '../home/file-lock.ts'

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
  return sweep(
    home.paths.deleted,
    () => true,
    (path) => removeTree(path),
  )
}

/** At start: files of anonymous sandboxes that are gone. `alive`: asked after the directories were listed, as new ones may come meanwhile. */
export async function sweepAnonymous(home: Home, alive: Pick<ReadonlySet<string>, 'has'>): Promise<Deleted> {
  return sweep(
    home.paths.anonymous,
    (name) => !alive.has(name) && /^[a-f0-9]{16}$/.test(name),
    (path) => discardDirectory(home, path),
  )
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

/** Longer than the lock of a process that died while it took it lasts. Milliseconds. */
const forgetWaitMs = 13_000

/** The `forget` call: deletes a thread's files, under the lock that a starting sandbox of it would need. */
export async function forgetThread(
  deps: { home: Home; locks: FileLocks; publish: (event: NewEvent) => void },
  key: { user: string; thread: string },
  who: string,
): Promise<CallResult<'forget'>> {
  const lock = await deps.locks.take(containerId(key.user, key.thread), { waitMs: forgetWaitMs }).catch((error: unknown) => {
    // Whoever would start a sandbox of it now gets no lock either; and this is how the disk gets room again.
    if (asBerthError(error).code === 'DISK_FULL') return null
    throw error
  })
  try {
    const { bytes, left, leftCount } = await deleteThread(deps.home, key.user, key.thread)
    deps.publish({ type: 'thread.forgotten', who, user: key.user, thread: key.thread, text: `Its files were deleted (${bytes} bytes)` })
    if (leftCount === 0) return { deleted: true, bytes }
    throw fail('HOME_UNUSABLE', `${leftCount} files of the thread belong to another user of this machine and could not be deleted`, {
      next: `The thread is gone; delete the rest as root: sudo rm -rf ${deps.home.paths.deleted}`,
      details: { left: left.slice(0, 20) },
    })
  } finally {
    await lock?.release()
  }
}
