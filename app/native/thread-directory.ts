import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import type { CallResult } from '../../shared/contract.ts'
import { fail } from '../../shared/errors.ts'
import { isWithin } from './issued.ts'

const names = ['workspace', 'uploads', 'outputs'] as const

/**
 * The host directory of a sandbox to open in a file manager: one of its thread's three, as it is at this moment. What runs in
 * a sandbox owns what lies in its mount, and might have put a link there, to another thread's files even: so it must be a
 * directory itself and no link, and lie in the home. Throws FILE_DENIED or FILE_NOT_FOUND.
 */
export async function threadDirectory({ home, details, which }: { home: string; details: Pick<CallResult<'details'>, 'mounts'>; which: string }): Promise<string> {
  const name = names.find((one) => one === which)
  const mount = details.mounts.find(({ kind }) => kind === name)
  if (!name || !mount) throw fail('FILE_NOT_FOUND', 'This sandbox has no such directory', { next: 'Look at its Mounts.' })
  const [root, above, real] = await Promise.all([realpath(home), realpath(path.dirname(mount.host)), realpath(mount.host)]).catch((cause: unknown) => {
    throw fail('FILE_NOT_FOUND', `${mount.host} is not there`, { next: 'It is made when the sandbox starts.', cause })
  })
  const inside = isWithin(real, root) && real === path.join(above, path.basename(mount.host))
  if (!inside || !(await stat(real)).isDirectory()) {
    throw fail('FILE_DENIED', `${mount.host} leads somewhere else`, { next: 'Look at it in a terminal: something in the sandbox has replaced it.' })
  }
  return real
}
