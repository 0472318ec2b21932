import { createHash, createHmac, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { diskError, writeAtomic } from '../../base/write-atomic.ts'

/** Which generation each sandbox's capability is of. */
export interface Generations {
  /** '' until it is changed for the first time. */
  of(id: string): string
  /** In force at once, on disk when it resolves. Throws DISK_FULL or HOME_UNUSABLE: then a restart brings the old one back. */
  renew(id: string): Promise<void>
  /** Resolves when the present one is on disk, or could not be written, which whoever renewed it was told. */
  written(id: string): Promise<void>
}

const wellFormed = /^[a-f0-9]{16}$/
/** Files opened at once while loading. */
const together = 64

/**
 * Loads `generations/{id}`: one small file for each sandbox whose capability was ever changed. A generation is random and
 * not a number, so that a file that is lost or damaged never brings an address back that was ended before.
 */
export async function openGenerations(dir: string, problem: (text: string) => void): Promise<Generations> {
  const known = new Map<string, string>()
  const writing = new Map<string, Promise<void>>()

  async function renew(id: string): Promise<void> {
    const next = randomBytes(8).toString('hex')
    known.set(id, next)
    const before = writing.get(id) ?? Promise.resolve()
    // In turn, so that the last one stays; whether the one before failed was told to whoever wanted it.
    const written = before.catch(() => undefined).then(() => writeAtomic(join(dir, id), `${next}\n`, { mode: 0o600 }))
    writing.set(id, written)
    try {
      await written
    } finally {
      if (writing.get(id) === written) writing.delete(id)
    }
  }

  async function load(id: string): Promise<void> {
    const text = await readFile(join(dir, id), 'utf8').catch(() => '') // treated as damaged
    if (wellFormed.test(text.trim())) {
      known.set(id, text.trim())
      return
    }
    problem(`The generation of the address of ${id} cannot be read: it gets a new address`)
    await renew(id).catch((error: unknown) => problem(`The new generation cannot be written: ${String(error)}`))
  }

  const names = await readdir(dir).catch(async (error: unknown) => {
    throw await diskError(error, dir, 'look into its home')
  })
  const ids = names.filter((name) => wellFormed.test(name))
  for (let at = 0; at < ids.length; at += together) await Promise.all(ids.slice(at, at + together).map(load))
  return {
    of: (id) => known.get(id) ?? '',
    renew,
    async written(id) {
      await writing.get(id)?.catch(() => undefined)
    },
  }
}

/** A sandbox's own API key: derived, so that it is found again after a restart from the nonce label alone. 64 hex digits. */
export function sandboxKey(secret: string, nonce: string): string {
  return createHmac('sha256', Buffer.from(secret, 'hex')).update(nonce).digest('hex')
}

/**
 * What lets its bearer into one sandbox, by whichever form (`path`: in a URL; `browser`: in a cookie, so that one that
 * leaks from a browser is no URL). `generation` is '' until it is changed for the first time. 32 hex digits.
 */
export function capability(secret: string, form: 'path' | 'browser', id: string, generation: string): string {
  return createHmac('sha256', Buffer.from(secret, 'hex')).update(['capability', form, id, generation].join(':')).digest('hex').slice(0, 32)
}

/** The id of a key's sandbox, in deer-flow's newest form: 16 hex digits. */
export function containerId(user: string, thread: string): string {
  return createHash('sha256').update(`${user}:${thread}`).digest('hex').slice(0, 16)
}

/** The id of the anonymous sandbox that one client of the provisioner dialect means by an id of its own. */
export function namedAnonymousId(client: string, name: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['anonymous', client, name]))
    .digest('hex')
    .slice(0, 16)
}

/** All names that deer-flow clients of any age give a thread's sandbox by themselves. */
export function deerFlowIds(user: string, thread: string): string[] {
  const id = containerId(user, thread)
  return [id, id.slice(0, 8), ...(user === 'default' ? [seedAlias(thread)] : [])]
}

/** What the oldest deer-flow clients call a thread's sandbox: 8 hex digits, which collide; good as an alias only. */
export function seedAlias(thread: string): string {
  return createHash('sha256').update(thread).digest('hex').slice(0, 8)
}
