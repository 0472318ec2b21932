import type { CallResult } from '../shared/contract.ts'
import type { NewEvent } from '../shared/event.ts'
import { asBerthError, fail } from '../shared/errors.ts'
import { containerId } from './home/derive.ts'
import type { FileLocks } from './home/file-lock.ts'
import type { Home } from './home/open-home.ts'
import { deleteThread } from './workspace/delete-thread.ts'

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
