import { lstatSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, relative, sep } from 'node:path'
import { fail } from '../../shared/errors.ts'
import { diskError, errno } from '../home/disk-error.ts'
import type { Home } from '../home/open-home.ts'
import { caseClash, threadPlaces } from './places.ts'

/**
 * Where a thread lives, whether it is there yet or not: `users/{user}/threads/{thread}`, unless it already lives in the
 * older `threads/{thread}`. Throws IDENTITY_CONFLICT where the disk ignores case and an id differs from another by case only.
 */
export async function threadDir(home: Home, user: string, thread: string): Promise<string> {
  const { current, older } = threadPlaces(home.paths, user, thread)
  const dir = older !== null && !(await isThere(current)) && (await isThere(older)) ? older : current
  if (home.ignoresCase) await refuseLookalikes(home, dir)
  return dir
}

/** A directory itself; a symbolic link to one does not count. */
export async function isThere(path: string): Promise<boolean> {
  try {
    return lstatSync(path).isDirectory()
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return false
    throw await diskError(error, path, 'look into its home')
  }
}

/** Every step below the home must be spelt as it is on the disk. */
async function refuseLookalikes(home: Home, dir: string): Promise<void> {
  for (let at = dir; relative(home.path, at).split(sep)[0] !== ''; at = dirname(at)) {
    const clash = caseClash(await namesIn(dirname(at)), basename(at))
    if (clash === null) continue
    throw fail('IDENTITY_CONFLICT', `"${basename(at)}" differs from "${clash}" by case only, and this home's disk does not tell them apart`, {
      next: `Use "${clash}", choose an id that differs in a letter, or move the home to a disk that tells case apart.`,
    })
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (errno(error) === 'ENOENT') return []
    throw await diskError(error, path, 'look into its home')
  }
}
