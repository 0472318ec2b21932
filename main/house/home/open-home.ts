import { lstat, mkdir, realpath, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { fail } from '../../../shared/errors.ts'
import { diskError, errno } from '../../base/write-atomic.ts'
import { homePaths, type HomePaths } from './paths.ts'
import { makeOnce } from '../../base/make-once.ts'

/** Who this home is: `id` goes into labels (with the home's real path, so that a copy is told apart), `secret` nowhere. */
export const installation = z.object({
  id: z.uuid(),
  secret: z
    .string()
    .regex(/^[a-f0-9]{64}$/)
    .describe('32 bytes, hex; every key and capability is derived from it.'),
})
export type Installation = z.infer<typeof installation>

/** Reads or makes the installation file. A damaged one is refused, never replaced: containers carry its id and keys. */
async function ensureInstallation(path: string): Promise<Installation> {
  const fresh = () => `${JSON.stringify({ id: randomUUID(), secret: randomBytes(32).toString('hex') })}\n`
  const read = parse(await makeOnce(path, fresh, (text) => parse(text) !== null))
  if (read) return read
  throw fail('HOME_UNUSABLE', `The file that says which installation this is does not parse: ${path}`, {
    next: 'Bring it back from a backup, or delete it: a new one is made, and sandboxes of the old one must then be removed by hand.',
    details: { path },
  })
}

function parse(text: string): Installation | null {
  try {
    return installation.parse(JSON.parse(text))
  } catch {
    // Not whole yet, or damaged: the caller decides which.
    return null
  }
}

/** An opened home. Holds nothing open, so there is nothing to close. */
export interface Home {
  /** Real path: no symbolic link in it. */
  readonly path: string
  readonly paths: HomePaths
  /** The installation's id, for labels. */
  readonly installation: string
  /** 64 hex digits; for `derive.ts` only, never shown. */
  readonly secret: string
  /** Who owns the directory: sandboxes run as this user where the engine allows it. null on Windows. */
  readonly owner: { readonly uid: number; readonly gid: number } | null
  /** Whether two names that differ only by case are one file here. */
  readonly ignoresCase: boolean
  readonly warnings: readonly string[]
}

/**
 * Opens a home, making it (0700) where there is none; its parent must exist, as Berth makes nothing outside its home.
 * An existing one keeps its mode. Throws HOME_UNUSABLE (missing parent, not a directory, writable by everybody, not
 * ours to write) or DISK_FULL.
 */
export async function openHome(dir: string): Promise<Home> {
  await makeDirectory(dir)
  let path: string
  let facts: Awaited<ReturnType<typeof stat>>
  try {
    path = await realpath(dir)
    facts = await stat(path)
  } catch (error) {
    throw await diskError(error, dir, 'open its home')
  }
  if (!facts.isDirectory()) {
    throw fail('HOME_UNUSABLE', `The home is not a directory: ${dir}`, { next: 'Choose another with BERTH_HOME.' })
  }
  const warnings = judge(path, facts)
  const paths = homePaths(path)
  const { id, secret } = await ensureInstallation(paths.installation)
  // All at once and at the start: on a disk that fills up later, releasing and deleting still work.
  for (const inside of [paths.leases, paths.generations, paths.aliases, paths.slots, paths.locks, paths.users, paths.anonymous, paths.deleted]) {
    await makeDirectory(inside)
  }
  return {
    path,
    paths,
    installation: id,
    secret,
    owner: process.platform === 'win32' ? null : { uid: facts.uid, gid: facts.gid },
    ignoresCase: await ignoresCase(paths.installation),
    warnings: [...warnings, ...(await fullDisk(path))],
  }
}

/** It opens all the same: what runs goes on, and threads can be forgotten, which makes room again. */
async function fullDisk(path: string): Promise<string[]> {
  const disk = await statfs(path).catch(() => null) // Only a warning depends on it.
  if (!disk || disk.blocks === 0 || disk.bavail * disk.bsize >= 64 * 1024) return []
  return ['The disk of the home is full: new sandboxes fail until there is room (`berth threads` shows who takes it, `berth forget` frees it)']
}

/** What an existing directory's owner and mode mean for whoever trusts the files in it. Throws, or gives warnings. */
function judge(path: string, facts: { mode: number; uid: number }): string[] {
  const me = process.getuid?.()
  if (me === undefined) return []
  if ((facts.mode & 0o002) !== 0) {
    throw fail('HOME_UNUSABLE', `Everybody may write in ${path}: anyone could put a token or an identity of theirs there`, {
      next: `Run \`chmod o-w ${path}\`, or choose another home with BERTH_HOME.`,
      details: { path },
    })
  }
  const warnings: string[] = []
  if ((facts.mode & 0o020) !== 0) {
    warnings.push(`The group may write in ${path} and so can take over Berth; \`chmod g-w\` closes it.`)
  }
  if (facts.uid !== me && facts.uid !== 0) {
    warnings.push(`${path} belongs to another user (uid ${facts.uid}), who can read Berth's token.`)
  }
  return warnings
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if (errno(error) === 'EEXIST') return
    if (errno(error) === 'ENOENT') {
      throw fail('HOME_UNUSABLE', `There is no directory ${dirname(path)} to make the home in`, {
        next: `Make it first (\`mkdir -p ${dirname(path)}\`), or choose another home with BERTH_HOME.`,
        cause: error,
      })
    }
    throw await diskError(error, path, 'make a directory of its home')
  }
}

/** Asked of a file that is there, under its name in capitals: no file has to be written to know. */
async function ignoresCase(file: string): Promise<boolean> {
  try {
    const [lower, upper] = await Promise.all([lstat(file), lstat(join(dirname(file), basename(file).toUpperCase()))])
    return lower.ino === upper.ino && lower.dev === upper.dev
  } catch (error) {
    if (errno(error) === 'ENOENT') return false
    throw await diskError(error, file, 'look at its home')
  }
}
