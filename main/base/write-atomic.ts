import { randomBytes } from 'node:crypto'
import { closeSync, fsync, openSync, renameSync, writeFileSync } from 'node:fs'
import { open, readdir, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { BerthError, fail } from '../../shared/errors.ts'

/** The errno name of whatever a file operation threw; '' where it has none. */
export function errno(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** What to do about a full disk. */
export const fullNext = 'Free some of it (`berth doctor` shows the disk; finished threads can be deleted) and call again.'

/** Space, inodes or a quota ran out. */
export function isFull(error: unknown): boolean {
  return errno(error) === 'ENOSPC' || errno(error) === 'EDQUOT'
}

/**
 * A failed file operation inside the home, as an error with a next step: DISK_FULL when space, inodes or a quota ran
 * out, otherwise HOME_UNUSABLE. `doing` completes "Berth cannot ...".
 */
export async function diskError(error: unknown, path: string, doing: string): Promise<BerthError> {
  if (error instanceof BerthError) return error
  const code = errno(error)
  if (isFull(error)) {
    return fail('DISK_FULL', `Berth cannot ${doing}: ${await fullness(code, path)}`, {
      next: fullNext,
      details: { path, errno: code },
      cause: error,
    })
  }
  return fail('HOME_UNUSABLE', `Berth cannot ${doing}: ${reasons[code] ?? (code || 'it failed')} (${path})`, {
    next: steps[code] ?? 'Check the path, or choose another home with BERTH_HOME.',
    details: { path, errno: code },
    cause: error,
  })
}

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOENT: 'a part of the path is missing',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'there is a directory',
  ELOOP: 'a symbolic link is in the way',
  EIO: 'the disk reports an error',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
}

const steps: Record<string, string> = {
  EACCES: 'Make the home belong to the user who runs Berth (`chown -R`), or choose another with BERTH_HOME.',
  EPERM: 'Make the home belong to the user who runs Berth (`chown -R`), or choose another with BERTH_HOME.',
  EROFS: 'Choose a home on a writable disk with BERTH_HOME.',
  EMFILE: 'Raise the limit of open files (`ulimit -n`) and start again.',
  ENFILE: 'Raise the limit of open files (`ulimit -n`) and start again.',
}

/** The same errno stands for bytes and for inodes; only the file system itself says which ran out. */
async function fullness(code: string, path: string): Promise<string> {
  if (code === 'EDQUOT') return 'the disk quota is used up'
  try {
    const disk = await statfs(dirname(path))
    return disk.files > 0 && disk.ffree === 0 ? 'the disk has no inodes left' : 'the disk is full'
  } catch {
    // Only the wording depends on it.
    return 'the disk is full'
  }
}

const synced = promisify(fsync)

/**
 * Writes a whole file so that a reader sees the old one or the new one, never a part, after a crash as well.
 * The directory itself is not synced: a power cut may bring back the old file, which is a whole one.
 * `sync: false`: for what means nothing after a power cut anyway, and is waited for. `evenIfFull`: for what is made anew at
 * each start and must be true now: on a full disk it goes into the room that the old file has. Throws DISK_FULL or HOME_UNUSABLE,
 * leaving no temporary file behind.
 */
export async function writeAtomic(path: string, data: string | Uint8Array, options: { mode: number; sync?: boolean; evenIfFull?: boolean }): Promise<void> {
  try {
    const temp = await writeTemp(path, data, options.mode, options.sync)
    try {
      renameSync(temp, path)
    } catch (error) {
      await dropAfter(temp, error)
    }
  } catch (error) {
    if ((inPlace.has(errno(error)) || (options.evenIfFull && isFull(error))) && (await overwrite(path, data))) return
    throw await diskError(error, path, 'write a file of its home')
  }
}

/** Why a file may be writable and not replaceable: it is a mount of its own (a container's config.yaml), or its directory may not be written. */
const inPlace: ReadonlySet<string> = new Set(['EBUSY', 'EXDEV', 'EROFS', 'EACCES', 'EPERM'])

/** Only what is there already, its new content before its old end is cut off; false where it cannot be opened. */
async function overwrite(path: string, data: string | Uint8Array): Promise<boolean> {
  const file = await open(path, 'r+').catch(() => null) // Then the first error is the one to tell.
  if (!file) return false
  try {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data
    await file.writeFile(bytes)
    await file.truncate(bytes.byteLength)
    await file.sync()
  } finally {
    await file.close()
  }
  return true
}

/** A file, synced unless told otherwise, beside `path`, under a name that nobody else has. Its caller renames, links or removes it. */
export async function writeTemp(path: string, data: string | Uint8Array, mode: number, sync = true): Promise<string> {
  const temp = `${path}.${randomBytes(6).toString('hex')}.tmp`
  const file = openSync(temp, 'wx', mode)
  try {
    try {
      writeFileSync(file, data)
      if (sync) await synced(file)
    } catch (error) {
      // A second failure of the same disk would only hide the first.
      closeQuietly(file)
      throw error
    }
    closeSync(file)
  } catch (error) {
    return await dropAfter(temp, error)
  }
  return temp
}

/** Removes what writers that were killed left beside these files, or beside any of the directory. For their only writer, while it writes none of them. */
export async function sweepTemps(dir: string, names?: readonly string[]): Promise<void> {
  for (const file of await readdir(dir)) {
    const name = /^(.+)\.[a-f0-9]{12}\.tmp$/.exec(file)?.[1]
    if (name !== undefined && (names?.includes(name) ?? true)) await rm(join(dir, file), { force: true })
  }
}

function closeQuietly(file: number): void {
  try {
    closeSync(file)
  } catch {
    // Then it is closed.
  }
}

async function dropAfter(temp: string, error: unknown): Promise<never> {
  await rm(temp, { force: true }).catch((second: unknown) => {
    throw new AggregateError([error, second], `a temporary file stayed behind: ${temp}`, { cause: error })
  })
  throw error
}
