import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { chmod, type DiskFile, mkdir, open, rename, stat, unlink } from './disk.ts'
import { errorCode } from './reply.ts'
import { mustBeRegular, openRegular, placeOf, unlessMissing } from './read-file.ts'

/** Why a file may be writable and its directory not, or the file not replaceable: then it is written in place. */
const inPlace = new Set(['EACCES', 'EPERM', 'EBUSY', 'EXDEV', 'EROFS', 'ETXTBSY'])

/**
 * Writes a whole file so that a reader, or a crash, sees the old content or the new: beside it, then renamed.
 * Symbolic links are followed, mode is kept, missing directories are made. A file with more than one name, or owned by
 * another user, is written in place, as a rename would cut it off from what it is.
 */
export async function replaceFile(path: string, content: Buffer): Promise<void> {
  const target = await placeOf(path)
  const before = await unlessMissing(stat(target))
  if (before) mustBeRegular(before)
  else await makeDirectories(dirname(target))
  const replaceable = !before || (before.nlink === 1 && before.uid === process.geteuid?.())
  if (!replaceable) return await overwrite(target, content)
  const beside = join(dirname(target), `.${basename(target).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await fill(await open(beside, 'wx', 0o666), content)
    if (before) await chmod(beside, before.mode & 0o7777)
    await rename(beside, target)
  } catch (error) {
    await discard(beside)
    const code = errorCode(error) ?? ''
    // Below /proc and /sys no file can be made beside another; these can be written all the same.
    if (!inPlace.has(code) && !(before && code === 'ENOENT')) throw error
    await overwrite(target, content)
  }
}

export async function appendToFile(path: string, content: Buffer): Promise<void> {
  const target = await placeOf(path)
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT
  const file = await openRegular(target, flags, 0o666).catch(async (error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
    await makeDirectories(dirname(target))
    return await openRegular(target, flags, 0o666)
  })
  await fill(file, content)
}

/** Puts a finished file in the place of another, by a rename where that can be. */
export async function moveFile(from: string, path: string): Promise<void> {
  const to = await placeOf(path)
  const before = await unlessMissing(stat(to))
  if (before) mustBeRegular(before)
  else await makeDirectories(dirname(to))
  try {
    await rename(from, to)
  } catch (error) {
    // Another file system, or a file that is a mount of its own.
    if (errorCode(error) !== 'EXDEV' && errorCode(error) !== 'EBUSY') throw error
    await using source = await openRegular(from, constants.O_RDONLY)
    await overwrite(to, source)
    await discard(from)
  }
}

async function overwrite(path: string, content: Buffer | DiskFile): Promise<void> {
  await fill(await openRegular(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o666), content)
}

/** Writes into an open file, and closes it. */
async function fill(file: DiskFile, content: Buffer | DiskFile): Promise<void> {
  await using to = file
  if (Buffer.isBuffer(content)) return await to.write(content)
  const piece = Buffer.allocUnsafeSlow(1024 * 1024)
  for (let count = await content.read(piece); count > 0; count = await content.read(piece)) await to.write(piece.subarray(0, count))
}

/** Removes a half-written file; that it is not there, or cannot be removed, changes nothing about the first error. */
export async function discard(path: string): Promise<void> {
  await unlink(path).catch(() => undefined)
}

/**
 * A directory and those above it. Not `mkdir` with `recursive`: below /proc, where a directory can neither be made nor
 * is missing for good, Node 24 tries for ever.
 */
export async function makeDirectories(path: string): Promise<void> {
  if (await made(path)) return
  if (dirname(path) !== path) await makeDirectories(dirname(path))
  if (await made(path)) return
  // Its parent is there and takes no directories: the system's own word for it.
  await mkdir(path)
}

async function made(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT') return false
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return true
    throw error
  }
}
