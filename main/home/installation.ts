import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { fail } from '../../shared/errors.ts'
import { makeOnce } from './make-once.ts'

/** Who this home is: `id` goes into labels (with the home's real path, so that a copy is told apart), `secret` nowhere. */
export const installation = z.object({
  id: z.uuid(),
  secret: z.string().regex(/^[a-f0-9]{64}$/).describe('32 bytes, hex; every key and capability is derived from it.'),
})
export type Installation = z.infer<typeof installation>

/** Reads or makes the installation file. A damaged one is refused, never replaced: containers carry its id and keys. */
export async function ensureInstallation(path: string): Promise<Installation> {
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
