import { randomBytes } from 'node:crypto'
import { chmod, lstat } from 'node:fs/promises'
import { fail } from '../../../shared/errors.ts'
import { diskError } from '../../base/write-atomic.ts'
import type { Home } from './open-home.ts'
import { makeOnce } from '../../base/make-once.ts'

const form = /^e2b_[a-f0-9]{40}$/

/**
 * The bridge's token, made once: `e2b_` and 40 hex digits, the form that every client's header style accepts. A token
 * file that others could read is closed again, and `warn` is told, as it may be known already.
 */
export async function ensureToken(home: Pick<Home, 'paths'>, warn: (text: string) => void = () => undefined): Promise<string> {
  const path = home.paths.token
  const fresh = () => `e2b_${randomBytes(20).toString('hex')}\n`
  const token = (await makeOnce(path, fresh, (text) => form.test(text.trim()))).trim()
  if (!form.test(token)) {
    throw fail('HOME_UNUSABLE', `The token file does not hold a token: ${path}`, {
      next: 'Delete it and start again: a new token is made, which clients then need.',
      details: { path },
    })
  }
  try {
    const facts = await lstat(path)
    if (process.platform !== 'win32' && facts.isFile() && (facts.mode & 0o077) !== 0) {
      await chmod(path, 0o600)
      warn(`Others could read the token file ${path}; it is closed now. Delete it and restart if the token may be known.`)
    }
  } catch (error) {
    throw await diskError(error, path, 'close its token file to others')
  }
  return token
}
