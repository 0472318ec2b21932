import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type BerthError, fail } from '../../../shared/errors.ts'
import { threadId, userId } from '../../../shared/identity.ts'
import { diskError, errno, writeAtomic } from '../../base/write-atomic.ts'
import { readJson } from '../../base/read-json.ts'
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
type Alias = z.infer<typeof alias>

/** The files behind one client's aliases. */
interface AliasFiles {
  load(): Promise<Alias[]>
  /** Throws DISK_FULL or HOME_UNUSABLE. */
  write(it: Alias): Promise<void>
  remove(id: string): Promise<void>
}

const readAtOnce = 32

function aliasFiles(root: string, client: string, problem: (text: string) => void): AliasFiles {
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

/** What an id means: a thread, or (null) an anonymous sandbox that only this id names. */
export interface AliasKey {
  readonly user: string
  readonly thread: string | null
}

/** An id on its way to mean something: as good as an alias until it is kept or dropped. */
export interface Claim {
  /** The sandbox is there. A disk that takes no file costs the memory of it, not the sandbox. */
  keep(container: string | null): Promise<void>
  /** Nothing came of it. */
  drop(): void
}

/** One client's names for sandboxes. */
export interface ClientAliases {
  get(id: string): (AliasKey & { readonly ended: boolean }) | undefined
  /** Those that the client was given and has not deleted, the newest first. */
  given(): Alias[]
  /** IDENTITY_CONFLICT where the id already means another key. */
  claim(id: string, key: AliasKey): Claim
  /** The client deleted it. */
  end(id: string): Promise<void>
}

export interface Aliases {
  of(client: string): Promise<ClientAliases>
}

/**
 * Which client means which sandbox by which id. Kept in memory, and in the home so that a restart changes nothing; read when
 * a client first comes. The engine of a home is their one writer.
 */
export function openAliases(deps: { dir: string; now: () => number; problem: (text: string) => void }): Aliases {
  const open = new Map<string, Promise<ClientAliases>>()
  return {
    of(client) {
      const known = open.get(client)
      if (known) return known
      const loading = load(aliasFiles(deps.dir, client, deps.problem), client, deps)
      open.set(client, loading)
      // A disk that could not be read may be read the next time.
      loading.catch(() => open.delete(client))
      return loading
    },
  }
}

async function load(files: AliasFiles, client: string, deps: { now: () => number; problem: (text: string) => void }): Promise<ClientAliases> {
  const known = new Map((await files.load()).map((it) => [it.id, it]))
  const claims = new Map<string, { key: AliasKey; count: number }>()
  let writing: Promise<void> = Promise.resolve()

  /** In turn: the last word about an id is what stays on the disk. */
  function settle(id: string, next: Alias | null): Promise<void> {
    if (next) known.set(id, next)
    else known.delete(id)
    writing = writing
      .then(() => (next ? files.write(next) : files.remove(id)))
      .catch((error: unknown) => deps.problem(`What ${client} means by ${id} is not on the disk, and forgotten at a restart: ${String(error)}`))
    return writing
  }

  function release(id: string): void {
    const claim = claims.get(id)
    if (claim && (claim.count -= 1) === 0) claims.delete(id)
  }

  return {
    get(id) {
      const claim = claims.get(id)
      if (claim) return { ...claim.key, ended: false }
      const it = known.get(id)
      return it && { user: it.user, thread: it.thread, ended: it.ended }
    },
    given: () => [...known.values()].filter(({ ended }) => !ended).sort((a, b) => b.at - a.at),
    claim(id, key) {
      const other = claims.get(id)?.key ?? known.get(id)
      if (other && !same(other, key)) throw conflict(id)
      const claim = claims.get(id) ?? { key, count: 0 }
      claims.set(id, claim)
      claim.count += 1
      return {
        async keep(container) {
          release(id)
          const before = known.get(id)
          if (before && !before.ended && before.container === container) return
          await settle(id, { client, id, ...key, container, ended: false, at: deps.now() })
        },
        drop: () => release(id),
      }
    },
    async end(id) {
      const it = known.get(id)
      if (!it || it.ended) return
      // Nobody else can mean an anonymous one, so that nothing can be mistaken for it once it is gone.
      await settle(id, it.thread === null ? null : { ...it, ended: true, at: deps.now() })
    },
  }
}

const same = (a: AliasKey, b: AliasKey) => a.user === b.user && a.thread === b.thread

export function conflict(id: string): BerthError {
  return fail('IDENTITY_CONFLICT', `The sandbox id '${id}' already means another thread`, {
    next: 'Use another id for this thread: an id has one meaning for each client.',
    details: { sandbox_id: id },
  })
}
