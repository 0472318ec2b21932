import { constants, lchown, lstat, open, readdir, type FileHandle } from 'node:fs/promises'
import { diskError, errno } from '../home/disk-error.ts'

/** Whom the files of sandboxes belong to on this machine, where that is not the user who runs Berth. */
export interface FilesOwner { readonly uid: number; readonly gid: number }

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
export async function giveOpened(dir: FileHandle, owner: FilesOwner | null): Promise<void> {
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
