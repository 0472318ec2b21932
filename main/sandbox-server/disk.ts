import type { Dirent, Stats } from 'node:fs'
import * as fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { FileError } from './reply.ts'

/**
 * The only way from a request to the file system. A system call on a mount whose server is gone (NFS, FUSE) may never
 * return, and Node has four threads for all of them, commands' included: so those of file operations are few at a time
 * and have a bound. One that is given up keeps its place until the kernel lets go of it, as it keeps its thread.
 */

/** Of Node's four threads; the other two belong to what starts commands, and to whoever asks whether one can start. */
const places = 2
const boundMs = 20_000

const bounded = lane(places, boundMs, () => new FileError('io_error', `The file system did not answer within ${boundMs / 1000} s`, { code: 'ETIMEDOUT' }))

export const stat = (path: string): Promise<Stats> => bounded(() => fs.stat(path))
export const lstat = (path: string): Promise<Stats> => bounded(() => fs.lstat(path))
export const realpath = (path: string): Promise<string> => bounded(() => fs.realpath(path))
export const readlink = (path: string): Promise<string> => bounded(() => fs.readlink(path))
export const readdir = (path: string): Promise<Dirent[]> => bounded(() => fs.readdir(path, { withFileTypes: true }))
export const mkdir = (path: string): Promise<void> => bounded(() => fs.mkdir(path))
export const rename = (from: string, to: string): Promise<void> => bounded(() => fs.rename(from, to))
export const unlink = (path: string): Promise<void> => bounded(() => fs.unlink(path))
export const chmod = (path: string, mode: number): Promise<void> => bounded(() => fs.chmod(path, mode))

/** An open file whose every call goes the same way. */
export interface DiskFile extends AsyncDisposable {
  stat(): Promise<Stats>
  /** From where the last one ended; 0 at the end of the file. */
  read(into: Buffer): Promise<number>
  write(bytes: Buffer): Promise<void>
  close(): Promise<void>
}

export async function open(path: string, flags: string | number, mode?: number): Promise<DiskFile> {
  const handle = await bounded(
    () => fs.open(path, flags, mode),
    (opened) => void opened.close().catch(() => undefined), // Nobody waits for it any more.
  )
  return diskFile(handle)
}

function diskFile(handle: FileHandle): DiskFile {
  const close = (): Promise<void> => bounded(() => handle.close())
  return {
    stat: () => bounded(() => handle.stat()),
    read: async (into) => (await bounded(() => handle.read(into, 0, into.length, null))).bytesRead,
    write: async (bytes) => {
      for (let at = 0; at < bytes.length;) {
        const piece = bytes.subarray(at, at + 1024 * 1024)
        at += (await bounded(() => handle.write(piece))).bytesWritten
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/**
 * Whether a thread is left for what a command needs before it starts. Asked past the places above, of the root that
 * every sandbox has, so that it costs one call of some microseconds.
 */
export async function hasThread(ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), ms)
  fs.stat('/').then(
    () => resolve(true),
    () => resolve(true),
  )
  const answered = await promise
  clearTimeout(timer)
  return answered
}

/** Runs work; `late` gets what comes after it was given up. */
export type Lane = <T>(work: () => Promise<T>, late?: (value: T) => void) => Promise<T>

/**
 * Work that may never end, few at a time: each call is given up after `boundMs`, waiting for a place included. Its place is
 * free again only when the work itself has ended, as whatever it holds is.
 */
export function lane(places: number, boundMs: number, tooLate: () => Error): Lane {
  let free = places
  const waiting: (() => void)[] = []

  const leave = (): void => {
    free += 1
    waiting.shift()?.()
  }

  return async <T>(work: () => Promise<T>, late: (value: T) => void = () => undefined): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let given = false
    const start = (): void => {
      free -= 1
      work()
        .then((value) => (given ? late(value) : resolve(value)), reject)
        .finally(leave)
    }
    const timer = setTimeout(() => {
      given = true
      const at = waiting.indexOf(start)
      if (at >= 0) waiting.splice(at, 1)
      reject(tooLate())
    }, boundMs)
    if (free > 0) start()
    else waiting.push(start)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }
}
