import { lstatSync, statSync } from 'node:fs'
import { constants, type FileHandle, lchown, lstat, mkdir, open, readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fail } from '../../../shared/errors.ts'
import { diskError, errno } from '../../base/write-atomic.ts'
import type { Home } from '../home/open-home.ts'
import { anonymousPlace, caseClash, type Place, threadPlaces } from './places.ts'

/** deer-flow's three; agents are told of them by these names. */
export const leaves = ['workspace', 'uploads', 'outputs'] as const

/** `user-data` of a thread or of an anonymous sandbox, whether it is there yet or not. */
export async function userDataOf(home: Home, place: Place): Promise<string> {
  const dir = place.thread === null ? anonymousPlace(home.paths, place.id) : await threadDir(home, place.user, place.thread)
  return join(dir, 'user-data')
}

/**
 * Makes `user-data` with its three leaves, and gives its path. What is there already keeps its mode. Throws HOME_UNUSABLE
 * where a symbolic link or a file is in the way, IDENTITY_CONFLICT, DISK_FULL.
 */
export async function ensureUserData(home: Home, place: Place, owner: FilesOwner | null = null): Promise<string> {
  const userData = await userDataOf(home, place)
  await makeShelter(home, dirname(userData))
  const mode = await leafMode(home, dirname(userData))
  await makeOpen(userData, mode, owner)
  await giveFiles(userData, owner)
  await ensureLeaves(userData, mode, owner)
  return userData
}

export async function ensureLeaves(userData: string, mode: number, owner: FilesOwner | null): Promise<void> {
  await Promise.all(leaves.map((leaf) => makeOpen(join(userData, leaf), mode, owner)))
}

/**
 * The directories from the home down to the thread's, each 0700. Links in the way are refused: one that leads out of the
 * home would have Berth make and later delete things elsewhere, one that stays inside would join two threads.
 */
export async function makeShelter(home: Home, dir: string): Promise<void> {
  const steps = relative(home.path, dir).split(sep)
  const places = steps.map((_, last) => join(home.path, ...steps.slice(0, last + 1)))
  // As it nearly always is; whatever is not so is looked at, and said, one by one.
  if (places.every(isDirectory)) return
  for (const at of places) {
    try {
      if (await missing(at)) await mkdir(at, { mode: 0o700 })
    } catch (error) {
      // Another acquire made it in between: it is looked at below like any other.
      if (errno(error) !== 'EEXIST') throw await diskError(error, at, "make a thread's directory")
    }
    await mustBeDirectory(at)
  }
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory()
  } catch {
    return false // whoever asks says why
  }
}

async function missing(path: string): Promise<boolean> {
  return lstat(path).then(
    () => false,
    (error: unknown) => {
      if (errno(error) === 'ENOENT') return true
      throw error
    },
  )
}

async function mustBeDirectory(path: string): Promise<void> {
  const facts = await lstat(path).catch(async (error: unknown) => {
    throw await diskError(error, path, "look at a thread's directory")
  })
  if (facts.isDirectory()) return
  const what = facts.isSymbolicLink() ? 'A symbolic link' : 'A file'
  throw fail('HOME_UNUSABLE', `${what} is where a directory of the home should be: ${path}`, {
    next: 'Move it away. To keep threads on another disk, put the whole home there and name it with BERTH_HOME.',
    details: { path },
  })
}

/**
 * Sandboxes may run as any user, so the leaves are open, which is safe below a directory that nobody else can enter.
 * Berth makes it so itself; a deer-flow home may have an open one, and there only the owner (as whom the sandbox then
 * runs) gets to write.
 */
export async function leafMode(home: Home, dir: string): Promise<number> {
  try {
    const modes = [home.path, dir].map((path) => statSync(path).mode)
    return modes.some((mode) => (mode & 0o011) === 0) ? 0o777 : 0o755
  } catch (error) {
    throw await diskError(error, dir, "look at a thread's directory")
  }
}

/**
 * Makes one directory with exactly this mode and owner, whatever the umask. What an agent put in its place is left alone and never
 * followed: the mode is set on the opened directory, as a path could be swapped for a link in between.
 */
export async function makeOpen(path: string, mode: number, owner: FilesOwner | null): Promise<void> {
  try {
    if (!(await missing(path))) return
    await mkdir(path, { mode: 0o700 })
    if (process.platform === 'win32') return
    const dir = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    try {
      await dir.chmod(mode)
      await giveOpened(dir, owner)
    } finally {
      await dir.close()
    }
  } catch (error) {
    // Another acquire of this thread made it just now.
    if (errno(error) !== 'EEXIST') throw await diskError(error, path, "make a thread's directory")
  }
}

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

/** Whom the files of sandboxes belong to on this machine, where that is not the user who runs Berth. */
export interface FilesOwner {
  readonly uid: number
  readonly gid: number
}

/** Only root can give files away, and only on a system that has owners. */
const able = () => process.platform === 'linux' && process.geteuid?.() === 0

/**
 * Gives a tree, or one file, to its agent, once: the directory itself is last, so that its owner tells whether all of it was given. What
 * belonged to its former owner changes hands, and nothing else. An agent may move things about meanwhile: every step
 * goes by an opened directory, and links are never followed, so nothing outside can be reached.
 */
export async function giveFiles(path: string, owner: FilesOwner | null): Promise<void> {
  if (owner === null || !able()) return
  try {
    const facts = await lstat(path)
    const former = facts.uid
    if (former === owner.uid) return
    if (!facts.isDirectory()) return await lchown(path, owner.uid, owner.gid)
    const dir = await openDirectory(path)
    try {
      await giveBelow(dir, former, owner)
      await dir.chown(owner.uid, owner.gid)
    } finally {
      await dir.close()
    }
  } catch (error) {
    throw await diskError(error, path, 'give the files of a thread to the user that its sandboxes run as')
  }
}

/** One that Berth has just made. */
async function giveOpened(dir: FileHandle, owner: FilesOwner | null): Promise<void> {
  if (owner !== null && able()) await dir.chown(owner.uid, owner.gid)
}

async function giveBelow(dir: FileHandle, former: number, owner: FilesOwner): Promise<void> {
  const here = `/proc/self/fd/${dir.fd}`
  for (const entry of await readdir(here, { withFileTypes: true })) {
    const path = `${here}/${entry.name}`
    try {
      if (entry.isDirectory()) {
        const below = await openDirectory(path)
        try {
          await giveBelow(below, former, owner)
        } finally {
          await below.close()
        }
      }
      if ((await lstat(path)).uid === former) await lchown(path, owner.uid, owner.gid)
    } catch (error) {
      // Gone, or no directory any more: somebody moved it since it was listed.
      if (errno(error) !== 'ENOENT' && errno(error) !== 'ENOTDIR' && errno(error) !== 'ELOOP') throw error
    }
  }
}

function openDirectory(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
}
