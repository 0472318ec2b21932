import { isUtf8 } from 'node:buffer'
import { constants, type Stats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type DiskFile, lstat, open, readlink, realpath, stat } from './disk.ts'
import { errorCode, FileError, sysError } from './reply.ts'

/** Bytes of a file that are read into memory at most; larger ones come by lines or by download. */
export const readLimit = 64 * 1024 * 1024

/** A whole file as bytes. What is no regular file is refused: a fifo would never answer, /dev/zero never end. */
export async function readBytes(path: string, limit = readLimit): Promise<Buffer> {
  await using file = await openRegular(path, constants.O_RDONLY)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of pieces(file)) {
    size += chunk.length
    if (size > limit) throw new FileError('io_error', `File is larger than ${limit} bytes; read a range of lines or download it`, { code: 'EFBIG' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

export async function readText(path: string, limit = readLimit): Promise<string> {
  return decode(await readBytes(path, limit))
}

export interface Lines {
  readonly content: string
  readonly count: number
}

/** Lines `start` (counted from 0) up to, not including, `end`, with their line ends; only these are held in memory. */
export async function readLines(path: string, start: number, end: number): Promise<Lines> {
  await using file = await openRegular(path, constants.O_RDONLY)
  const kept: Buffer[] = []
  let size = 0
  let line = 0
  let count = 0
  let open = false
  for await (const chunk of pieces(file)) {
    let from = 0
    while (from < chunk.length && line < end) {
      const newline = chunk.indexOf(10, from)
      const to = newline < 0 ? chunk.length : newline + 1
      if (line >= start) {
        if (!open) count += 1
        open = newline < 0
        size += to - from
        if (size > readLimit) throw new FileError('io_error', `The lines are longer than ${readLimit} bytes`, { code: 'EFBIG' })
        kept.push(Buffer.from(chunk.subarray(from, to)))
      }
      if (newline >= 0) line += 1
      from = to
    }
    if (line >= end) break
  }
  return { content: decode(Buffer.concat(kept, size)), count }
}

export function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) {
    throw new FileError('decode_error', "'utf-8' codec can't decode the file: invalid byte sequence", { exception: 'UnicodeDecodeError' })
  }
  return bytes.toString('utf8')
}

export function countLines(content: string): number {
  if (content === '') return 0
  let count = content.endsWith('\n') ? 0 : 1
  for (let at = content.indexOf('\n'); at >= 0; at = content.indexOf('\n', at + 1)) count += 1
  return count
}

/** The file piece by piece, to its end: files of /proc say that they are empty and are not, those of /sys that they are longer. */
async function* pieces(file: DiskFile): AsyncGenerator<Buffer> {
  const { size } = await file.stat()
  const buffer = Buffer.allocUnsafeSlow(Math.min(Math.max(size + 1, 4096), 256 * 1024))
  for (;;) {
    const count = await file.read(buffer)
    if (count === 0) return
    yield Buffer.from(buffer.subarray(0, count))
  }
}

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
