import { linkSync } from 'node:fs'
import { constants, copyFile, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { diskError, errno, writeTemp } from './write-atomic.ts'

/**
 * The text of a file that is made once and then stays (0600): whoever of several first starters comes first makes it,
 * and all get the same. It appears whole, by a hard link; where the file system has none, by an exclusive copy, which
 * is why a reader waits a moment while `whole` says that it is not all there yet.
 */
export async function makeOnce(path: string, make: () => string, whole: (text: string) => boolean): Promise<string> {
  try {
    const there = await settled(path, whole)
    if (there !== null) return there
    const temp = await writeTemp(path, make(), 0o600)
    try {
      await linkOrCopy(temp, path)
      await syncDirectory(dirname(path))
    } catch (error) {
      // ENOENT: the real one was there already, and its engine's start swept ours away as half a write.
      if (errno(error) !== 'EEXIST' && errno(error) !== 'ENOENT') throw error
    } finally {
      await rm(temp, { force: true })
    }
    return (await settled(path, whole)) ?? ''
  } catch (error) {
    throw await diskError(error, path, 'make a file of its home')
  }
}

/**
 * Makes a file with this text if there is none, whole from its first moment (0600); false: there is one already. Who of
 * several gets true is the only one, on every file system.
 */
export async function makeOnceOnly(path: string, text: string): Promise<boolean> {
  const temp = await writeTemp(path, text, 0o600)
  try {
    return await linkOnce(temp, path)
  } finally {
    await rm(temp, { force: true })
  }
}

/** The same without a text: it takes an inode and no room, so that a full disk has one for it. */
export async function makeEmptyOnly(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close()
    return true
  } catch (error) {
    if (errno(error) === 'EEXIST') return false
    throw error
  }
}

/** The last step of `makeOnceOnly`, for a temporary file that its caller wrote beside `path` and removes. */
export async function linkOnce(temp: string, path: string): Promise<boolean> {
  try {
    await linkOrCopy(temp, path)
    return true
  } catch (error) {
    if (errno(error) === 'EEXIST') return false
    throw error
  }
}

async function linkOrCopy(temp: string, path: string): Promise<void> {
  try {
    linkSync(temp, path)
  } catch (error) {
    if (!linkless.has(errno(error))) throw error
    await copyFile(temp, path, constants.COPYFILE_EXCL)
  }
}

const linkless = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** null: absent. Text that never becomes whole is returned as it is, for the caller to refuse. */
async function settled(path: string, whole: (text: string) => boolean): Promise<string | null> {
  for (let tries = 0; ; tries++) {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (errno(error) === 'ENOENT') return null
      throw error
    })
    if (text === null || whole(text) || tries >= 20) return text
    await sleep(10)
  }
}

/** So that a power cut does not take back an identity that containers already carry. Windows cannot, and need not. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const dir = await open(path, 'r')
  try {
    await dir.sync()
  } finally {
    await dir.close()
  }
}
