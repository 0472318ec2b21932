import { lstat, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errno } from '../base/write-atomic.ts'
import { installation } from '../house/home/open-home.ts'
import { homePaths, type HomePaths } from '../house/home/paths.ts'

/** One file or directory of the home; `error` is the errno name where it could not be looked at ('ENOENT': absent). */
export interface FileSight {
  readonly uid: number
  readonly gid: number
  readonly mode: number
  readonly dev: number
  readonly kind: 'directory' | 'file' | 'link' | 'other'
}

/** The home as it lies there. Looking makes nothing. */
export interface HomeSight {
  /** As it was named. */
  readonly dir: string
  /** Real path; null where it is not there or cannot be entered. */
  readonly path: string | null
  /** Below `path`; below `dir` where there is none. */
  readonly paths: HomePaths
  readonly facts: FileSight | null
  /** Why `facts` is null: ENOENT, EACCES, ... */
  readonly error: string
  /** Its id; null where it has none yet, or one that does not parse (then `installationProblem` says why). */
  readonly installation: string | null
  readonly installationProblem: string | null
  readonly token: string | null
  /** errno of reading the token; '' where it was read. */
  readonly tokenError: string
  /** It has worked with a container engine before, and will not do without. */
  readonly usedDocker: boolean
}

export async function lookAtHome(dir: string): Promise<HomeSight> {
  const path = await realpath(dir).catch(() => null) // `facts` below says why
  const paths = homePaths(path ?? dir)
  const home = await look(path ?? dir, { follow: true })
  const [identity, token, memory] = await Promise.all([
    readIdentity(paths.installation),
    readToken(paths.token),
    readFile(join(path ?? dir, 'backend'), 'utf8').catch(() => ''), // none: it has not
  ])
  return { dir, path: home.facts === null ? null : path, paths, ...home, ...identity, ...token, usedDocker: memory.trim() === 'docker' }
}

export async function look(path: string, options: { follow: boolean } = { follow: false }): Promise<{ facts: FileSight | null; error: string }> {
  try {
    const it = await (options.follow ? stat(path) : lstat(path))
    const kind = it.isDirectory() ? 'directory' : it.isSymbolicLink() ? 'link' : it.isFile() ? 'file' : 'other'
    return { facts: { uid: it.uid, gid: it.gid, mode: it.mode & 0o7777, dev: it.dev, kind }, error: '' }
  } catch (error) {
    return { facts: null, error: errno(error) }
  }
}

async function readIdentity(path: string): Promise<Pick<HomeSight, 'installation' | 'installationProblem'>> {
  try {
    const text = await readFile(path, 'utf8')
    const read = installation.safeParse(parsed(text))
    return read.success ? { installation: read.data.id, installationProblem: null } : { installation: null, installationProblem: 'it does not parse' }
  } catch (error) {
    const code = errno(error)
    return { installation: null, installationProblem: ['ENOENT', 'ENOTDIR'].includes(code) ? null : `it cannot be read (${code})` }
  }
}

async function readToken(path: string): Promise<Pick<HomeSight, 'token' | 'tokenError'>> {
  try {
    return { token: (await readFile(path, 'utf8')).trim(), tokenError: '' }
  } catch (error) {
    return { token: null, tokenError: errno(error) }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // the schema refuses it with the rest
  }
}
