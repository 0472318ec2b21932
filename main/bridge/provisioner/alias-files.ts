import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { threadId, userId } from '../../../shared/identity.ts'
import { diskError, errno } from '../../home/disk-error.ts'
import { readJson } from '../../home/read-json.ts'
import { writeAtomic } from '../../home/write-atomic.ts'
import { clientSandboxId } from './body.ts'

/** What one id of one client means; `aliases/<client>/<id>`. */
export const alias = z.object({
  client: z.string(),
  id: clientSandboxId,
  user: userId,
  /** null: an anonymous sandbox of its own. */
  thread: threadId.nullable(),
  /** The container that this client was given last, by the engine's id. */
  container: z.string().nullable(),
  /** The client deleted it: the id keeps its meaning, and names nothing until it is created again. */
  ended: z.boolean(),
  /** Wall clock of the last create or delete: of two ids of one thread, the newer one is listed. */
  at: z.number(),
})
export type Alias = z.infer<typeof alias>

/** The files behind one client's aliases. */
export interface AliasFiles {
  load(): Promise<Alias[]>
  /** Throws DISK_FULL or HOME_UNUSABLE. */
  write(it: Alias): Promise<void>
  remove(id: string): Promise<void>
}

const readAtOnce = 32

export function aliasFiles(root: string, client: string, problem: (text: string) => void): AliasFiles {
  const dir = join(root, directoryOf(client))

  async function readOne(name: string): Promise<Alias[]> {
    const { value, broken } = await readJson(join(dir, name), alias)
    if (broken) problem(`What ${client} means by ${name} could not be read and is forgotten: ${broken.reason}`)
    if (value === null || value.client !== client || value.id !== name) return []
    return [value]
  }

  return {
    async load() {
      const names = await namesIn(dir)
      const found: Alias[] = []
      const ids = names.filter((name) => clientSandboxId.safeParse(name).success)
      for (let at = 0; at < ids.length; at += readAtOnce) {
        found.push(...(await Promise.all(ids.slice(at, at + readAtOnce).map(readOne))).flat())
      }
      // A crash in the middle of a write.
      for (const name of names) if (name.endsWith('.tmp')) await rm(join(dir, name), { force: true })
      return found
    },
    async write(it) {
      await mkdir(dir, { recursive: true, mode: 0o700 }).catch(async (error: unknown) => {
        throw await diskError(error, dir, "keep a client's names")
      })
      await writeAtomic(join(dir, it.id), JSON.stringify(it), { mode: 0o600 })
    },
    remove: async (id) => rm(join(dir, id), { force: true }),
  }
}

/** A token's name as it is, where no disk could take it for another one. */
function directoryOf(client: string): string {
  return /^[a-z0-9_-]{1,64}$/.test(client) ? client : `x.${createHash('sha256').update(client).digest('hex').slice(0, 32)}`
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if (errno(error) === 'ENOENT') return []
    throw await diskError(error, dir, "look up a client's names")
  }
}
