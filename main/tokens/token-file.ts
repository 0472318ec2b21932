import { chmod, lstat } from 'node:fs/promises'
import { z } from 'zod'
import { namedToken } from '../../shared/calls/token-calls.ts'
import { diskError, errno } from '../home/disk-error.ts'
import { readJson } from '../home/read-json.ts'
import { writeAtomic } from '../home/write-atomic.ts'

const tokenRecord = namedToken.extend({ hash: z.string().regex(/^[a-f0-9]{64}$/).describe('sha256 of the token, hex.') })
/** One token as it is kept: everything but itself. */
export type TokenRecord = z.infer<typeof tokenRecord>

/** A browser that has logged in, as it is kept. */
export const sessionRecord = z.object({
  id: z.string(),
  hash: z.string().regex(/^[a-f0-9]{64}$/).describe('sha256 of its key, hex.'),
  agent: z.string(),
  created_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime(),
})
export type SessionRecord = z.infer<typeof sessionRecord>

const tokenFile = z.object({ tokens: z.array(tokenRecord), sessions: z.array(sessionRecord).default([]) })
export type TokenFile = z.infer<typeof tokenFile>

/**
 * The tokens and sessions of `tokens.json`. A file that does not hold what it should lets nobody in: it is put aside, and `warn` is told,
 * as it is of one that others could read or write.
 */
export async function readTokens(path: string, warn: (text: string) => void): Promise<TokenFile> {
  await closeToOthers(path, warn)
  const { value, broken } = await readJson(path, tokenFile)
  if (broken) {
    const where = broken.moved === null ? 'it could not be put aside' : `it is now ${broken.moved}`
    warn(`The named tokens are not known any more and are refused: ${broken.path} is damaged (${broken.reason}), ${where}`)
  }
  return value ?? { tokens: [], sessions: [] }
}

export async function writeTokens(path: string, kept: { readonly tokens: readonly TokenRecord[]; readonly sessions: readonly SessionRecord[] }): Promise<void> {
  await writeAtomic(path, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 })
}

async function closeToOthers(path: string, warn: (text: string) => void): Promise<void> {
  if (process.platform === 'win32') return
  try {
    const { mode } = await lstat(path)
    if ((mode & 0o077) === 0) return
    await chmod(path, 0o600)
    warn(
      (mode & 0o022) === 0
        ? `Others could read ${path}; it is closed now. It holds hashes only, no token.`
        : `Others could write ${path} and so give themselves a token; it is closed now. Look through \`berth token ls\`.`,
    )
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw await diskError(error, path, 'close a file of its home to others')
  }
}
