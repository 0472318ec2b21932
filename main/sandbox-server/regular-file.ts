import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { lstat, open, readlink, realpath, stat } from './disk.ts'
import type { DiskFile } from './disk.ts'
import { FileError, errorCode, sysError } from './file-error.ts'

/**
 * Opens a file, whatever stands at the path by then: a fifo or a socket would wait for its other end for ever, a device
 * never end. Looked at before it is opened, as opening alone already tells a fifo's reader that its writer has gone; and
 * after, as it may have become another one meanwhile.
 */
export async function openRegular(path: string, flags: number, mode?: number): Promise<DiskFile> {
  const before = await unlessMissing(stat(path))
  if (before) mustBeRegular(before)
  const file = await open(path, flags | constants.O_NONBLOCK | constants.O_NOCTTY, mode).catch((error: unknown) => {
    // A fifo that nobody reads, and a socket, say so.
    throw errorCode(error) === 'ENXIO' ? notRegular() : error
  })
  try {
    mustBeRegular(await file.stat())
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

export function mustBeRegular(found: Stats): void {
  if (found.isFile()) return
  throw found.isDirectory() ? sysError('EISDIR') : notRegular()
}

function notRegular(): FileError {
  return new FileError('invalid_target', 'Not a regular file')
}

/** As many links as Linux itself follows. */
const linkLimit = 40

/**
 * Where a file of this path lies, or would: symbolic links are followed, also one that leads to what is not there yet,
 * as `echo >link` does. A circle is ELOOP.
 */
export async function placeOf(path: string): Promise<string> {
  let at = resolve(path)
  for (let links = 0; links <= linkLimit; links += 1) {
    const there = await unlessMissing(realpath(at))
    if (there !== null) return there
    const link = await unlessMissing(lstat(at))
    if (!link?.isSymbolicLink()) return join((await unlessMissing(realpath(dirname(at)))) ?? dirname(at), basename(at))
    at = resolve(dirname(at), await readlink(at))
  }
  throw sysError('ELOOP')
}

export async function unlessMissing<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}
