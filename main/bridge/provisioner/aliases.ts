import { fail, type BerthError } from '../../../shared/errors.ts'
import { aliasFiles, type Alias, type AliasFiles } from './alias-files.ts'

/** What an id means: a thread, or (null) an anonymous sandbox that only this id names. */
export interface AliasKey { readonly user: string; readonly thread: string | null }

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
