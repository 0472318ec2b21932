import { randomBytes } from 'node:crypto'
import { appendFile, chmod, open, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode } from './file-error.ts'
import { makeDirectories } from './make-directories.ts'

/** Why a file may be writable and its directory not, or the file not replaceable: then it is written in place. */
const inPlace = new Set(['EACCES', 'EPERM', 'EBUSY', 'EXDEV', 'EROFS', 'ETXTBSY'])

/**
 * Writes a whole file so that a reader, or a crash, sees the old content or the new: beside it, then renamed.
 * Symbolic links are followed, mode is kept, missing directories are made. A file with more than one name, or owned by
 * another user, is written in place, as a rename would cut it off from what it is.
 */
export async function replaceFile(path: string, content: Buffer): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const before = await stat(target).catch(() => null)
  if (!before) await makeDirectories(dirname(target))
  const replaceable = !before || (before.isFile() && before.nlink === 1 && before.uid === process.geteuid?.())
  if (!replaceable) return await writeFile(target, content)
  const beside = join(dirname(target), `.${basename(target).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const file = await open(beside, 'wx', 0o666)
    try {
      await file.writeFile(content)
    } finally {
      await file.close()
    }
    if (before) await chmod(beside, before.mode & 0o7777)
    await rename(beside, target)
  } catch (error) {
    await discard(beside)
    if (!inPlace.has(errorCode(error) ?? '')) throw error
    await writeFile(target, content)
  }
}

export async function appendToFile(path: string, content: Buffer): Promise<void> {
  try {
    await appendFile(path, content)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    await makeDirectories(dirname(path))
    await appendFile(path, content)
  }
}

/** Removes a half-written file; that it is not there, or cannot be removed, changes nothing about the first error. */
export async function discard(path: string): Promise<void> {
  await unlink(path).catch(() => undefined)
}
