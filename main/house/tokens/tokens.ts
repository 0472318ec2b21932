import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { chmod, lstat } from 'node:fs/promises'
import { z } from 'zod'
import { type NamedToken, namedToken } from '../../../shared/calls/token-calls.ts'
import { asBerthError, fail } from '../../../shared/errors.ts'
import type { NewEvent } from '../../../shared/events.ts'
import type { Caller, Identify } from './caller.ts'
import type { Clock } from '../../base/clock.ts'
import { diskError, errno, writeAtomic } from '../../base/write-atomic.ts'
import { readJson } from '../../base/read-json.ts'

const tokenRecord = namedToken.extend({
  hash: z
    .string()
    .regex(/^[a-f0-9]{64}$/)
    .describe('sha256 of the token, hex.'),
})
/** One token as it is kept: everything but itself. */
type TokenRecord = z.infer<typeof tokenRecord>

/** A browser that has logged in, as it is kept. */
export const sessionRecord = z.object({
  id: z.string(),
  hash: z
    .string()
    .regex(/^[a-f0-9]{64}$/)
    .describe('sha256 of its key, hex.'),
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
async function readTokens(path: string, warn: (text: string) => void): Promise<TokenFile> {
  await closeToOthers(path, warn)
  const { value, broken } = await readJson(path, tokenFile)
  if (broken) {
    const where = broken.moved === null ? 'it could not be put aside' : `it is now ${broken.moved}`
    warn(`The named tokens are not known any more and are refused: ${broken.path} is damaged (${broken.reason}), ${where}`)
  }
  return value ?? { tokens: [], sessions: [] }
}

async function writeTokens(path: string, kept: { readonly tokens: readonly TokenRecord[]; readonly sessions: readonly SessionRecord[] }): Promise<void> {
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

export type WantedToken = Pick<NamedToken, 'name' | 'scope' | 'thread_prefix' | 'user'>

/** Who may speak to this home's engine. */
export interface Tokens {
  readonly identify: Identify
  /** The named ones, by name. */
  list(): NamedToken[]
  /** On disk before it is told; NAME_TAKEN, BAD_INPUT, DISK_FULL, HOME_UNUSABLE. */
  add(wanted: WantedToken, who: string): Promise<NamedToken & { token: string }>
  /** Refused, and what runs for it ended, in this very tick. False: there was none of that name. */
  revoke(name: string, who: string): Promise<boolean>
  /** Browsers' sessions, kept in the same file: it has one writer. */
  readonly sessions: {
    all(): readonly SessionRecord[]
    /** On disk when it resolves; what could not be written is tried again. */
    save(records: readonly SessionRecord[]): Promise<void>
    /** As `save`, some time soon. */
    later(records: readonly SessionRecord[]): void
  }
  /** Writes what waits. */
  close(): Promise<void>
}

export interface TokensDeps {
  /** `tokens.json`; whoever holds the home's lock is its only writer. */
  readonly file: string
  /** The home's own token. */
  readonly master: string
  readonly clock: Clock
  readonly publish: (event: NewEvent) => void
}

interface Known {
  readonly digest: Buffer
  readonly caller: Caller
  readonly end: AbortController
  /** null: the home's own. */
  record: TokenRecord | null
}

/** A last use is written at most this often: it must not keep a disk busy. */
const spacingMs = 60_000
/** More than any house needs; each is looked at whenever the file is written. */
const most = 1000
/** Clients that are there without a token of their own. */
const reserved = new Set(['master', 'local', 'anyone', 'berth'])

export async function openTokens(deps: TokensDeps): Promise<Tokens> {
  const { file, clock, publish } = deps
  const problem = (text: string) => publish({ type: 'berth.problem', who: 'berth:tokens', text })
  const byHash = new Map<string, Known>()
  const byName = new Map<string, Known & { record: TokenRecord }>()
  let turn: Promise<unknown> = Promise.resolve()
  let unwritten = false
  let failing = false
  let closed = false
  let timer: { cancel(): void } | null = null

  const master = digestOf(deps.master)
  byHash.set(master.toString('hex'), knownOf({ name: 'master', scope: 'operator', bounds: null }, master, null))
  /** Compared with where there is nothing to compare with, so that both ways do the same. */
  const nobody = randomBytes(32)

  function keep(record: TokenRecord): void {
    const { name, scope, thread_prefix, user } = record
    const bounds = scope === 'operator' ? null : { threadPrefix: thread_prefix ?? '', user }
    const known = { ...knownOf({ name, scope, bounds }, Buffer.from(record.hash, 'hex'), record), record }
    byName.set(name, known)
    byHash.set(record.hash, known)
  }

  /** One write at a time, each of what is true when its turn comes. A new one counts once it is on disk. */
  function write(added?: TokenRecord): Promise<void> {
    const done = turn.then(async () => {
      unwritten = false
      try {
        await writeTokens(file, { tokens: added ? [...records(), added] : records(), sessions })
      } catch (error) {
        unwritten = true
        throw error
      }
      if (added) keep(added)
    })
    // Whoever asked for it gets the failure.
    turn = done.catch(() => undefined)
    return done
  }

  function later(): void {
    unwritten = true
    if (!closed)
      timer ??= clock.timer(spacingMs, () => {
        timer = null
        void writeBehind()
      })
  }

  async function writeBehind(): Promise<void> {
    try {
      await write()
      failing = false
    } catch (error) {
      if (!failing) problem(`The named tokens cannot be written to ${file}: ${asBerthError(error).message}`)
      failing = true
      later()
    }
  }

  const records = () => [...byName.values()].map(({ record }) => record)
  const pending = new Set<string>()

  function refuse({ name, scope, thread_prefix, user }: WantedToken): void {
    const taken = (other: string) => other.toLowerCase() === name.toLowerCase()
    if (reserved.has(name.toLowerCase()) || [...byName.keys(), ...pending].some(taken)) {
      throw fail('NAME_TAKEN', `There is a client named ${name} already; names that differ only by case are one`, {
        next: 'Choose another name, or revoke that token first: `berth token ls` lists them.',
      })
    }
    if (scope === 'operator' && (thread_prefix !== null || user !== null)) {
      throw fail('BAD_INPUT', "An operator's token runs the whole house: it cannot be kept to some threads or a user", {
        next: "Make it an agent's (`--scope agent`), or leave the prefix and the user out.",
      })
    }
    if (byName.size + pending.size >= most) throw fail('BAD_INPUT', `There are ${most} tokens already`, { next: 'Revoke those that nobody uses.' })
  }

  const kept = await readTokens(file, problem)
  let sessions: readonly SessionRecord[] = kept.sessions
  for (const record of kept.tokens) keep(record)

  return {
    identify(presented) {
      const digest = digestOf(presented)
      // What is looked up is a hash: how far it agrees with another one says nothing about any token.
      const found = byHash.get(digest.toString('hex'))
      const same = timingSafeEqual(digest, found?.digest ?? nobody)
      if (!found || !same) return null
      if (found.record) {
        found.record.last_used_at = new Date(clock.wall()).toISOString()
        later()
      }
      return found.caller
    },
    list: () =>
      records()
        .map(shown)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    async add(wanted, who) {
      refuse(wanted)
      const token = `e2b_${randomBytes(20).toString('hex')}`
      const created_at = new Date(clock.wall()).toISOString()
      const record: TokenRecord = { ...wanted, created_at, last_used_at: null, hash: digestOf(token).toString('hex') }
      pending.add(wanted.name)
      try {
        await write(record)
      } finally {
        pending.delete(wanted.name)
      }
      publish({ type: 'token.added', who, text: `${wanted.name} may now call Berth as ${rightsOf(record)}` })
      return { ...shown(record), token }
    },
    async revoke(name, who) {
      const known = byName.get(name)
      if (!known) return false
      byName.delete(name)
      byHash.delete(known.record.hash)
      known.end.abort(fail('UNAUTHORIZED', 'The token was revoked', { next: 'Ask whoever runs Berth for a new one.' }))
      publish({ type: 'token.revoked', who, text: `The token of ${name} is refused from now on` })
      try {
        await write()
      } catch (error) {
        later()
        const { code, message, next } = asBerthError(error)
        throw fail(code, `The token is refused from now on, but would be good again after a restart: ${message}`, {
          next: `${next} Berth tries again every minute.`,
          cause: error,
        })
      }
      return true
    },
    sessions: {
      all: () => sessions,
      async save(records) {
        sessions = records
        try {
          await write()
        } catch (error) {
          later()
          throw error
        }
      },
      later(records) {
        sessions = records
        later()
      },
    },
    async close() {
      closed = true
      timer?.cancel()
      await turn
      if (unwritten) await write().catch((error: unknown) => problem(`When tokens were last used was not written: ${asBerthError(error).message}`))
    },
  }
}

function knownOf(caller: Omit<Caller, 'revoked'>, digest: Buffer, record: TokenRecord | null): Known {
  const end = new AbortController()
  // One listener for every request under way.
  setMaxListeners(0, end.signal)
  return { digest, end, record, caller: { ...caller, revoked: end.signal } }
}

/** Equal lengths, whatever was presented. 160 random bits need no salt and no slow hash. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function shown(record: TokenRecord): NamedToken {
  const { hash: _, ...token } = record
  return token
}

function rightsOf({ scope, thread_prefix, user }: TokenRecord): string {
  if (scope === 'operator') return 'an operator'
  const threads = thread_prefix === null ? 'all threads' : `threads that begin with ${thread_prefix}`
  return `an agent, for ${threads}${user === null ? '' : ` of ${user}`}`
}
