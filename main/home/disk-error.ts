import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
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
