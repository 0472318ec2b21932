import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { asBerthError, fail } from '../../../shared/errors.ts'
import type { NewEvent } from '../../../shared/events.ts'
import { listeners } from '../../../shared/listeners.ts'
import type { UiSession } from '../../../shared/state.ts'
import type { Clock } from '../../base/clock.ts'
import type { SessionRecord, Tokens } from './tokens.ts'
import type { KeyHolder } from './caller.ts'

/** Browsers that may show the screens. A session is good for the socket alone: no call takes its key. */
export interface Sessions {
  /** A one-time code, good for 5 minutes, and when it ends. */
  code(): { code: string; expires: number }
  /** Trades a code for a session's key. UNAUTHORIZED: it is none, used, or too old. */
  open(code: string, agent: string): Promise<{ key: string; session: UiSession }>
  authenticate(key: string): KeyHolder | null
  connected(id: string, by: 1 | -1): void
  end(id: string, who: string): Promise<boolean>
  all(): readonly UiSession[]
  onChange(listener: () => void): () => void
}

export const codeLifeMs = 300_000
const unseenMs = 30 * 24 * 3_600_000
/** A person has a few browsers; the one unseen for longest makes room. */
const mostSessions = 50
const mostCodes = 20
const missesMs = 60_000
const manyMisses = 10

interface Live {
  readonly end: AbortController
  pages: number
}

/** Codes that were given out, by their hash, with their end in monotonic ms. They outlive an engine that starts anew in its process. */
export type LoginCodes = Map<string, number>

export function openSessions(deps: { kept: Tokens['sessions']; clock: Clock; publish: (event: NewEvent) => void; codes?: LoginCodes }): Sessions {
  const { kept, clock, publish } = deps
  const iso = () => new Date(clock.wall()).toISOString()
  const fresh = (record: SessionRecord) => clock.wall() - Date.parse(record.last_seen_at) < unseenMs
  let records: readonly SessionRecord[] = kept.all().filter(fresh)
  const codes: LoginCodes = deps.codes ?? new Map()
  const wrong = { since: -Infinity, told: false, count: 0 }
  const live = new Map<string, Live>()
  const { tell: changed, on: onChange } = listeners()

  const liveOf = (id: string): Live => {
    const found = live.get(id)
    if (found) return found
    const made = { end: new AbortController(), pages: 0 }
    setMaxListeners(0, made.end.signal)
    live.set(id, made)
    return made
  }
  const shown = (record: SessionRecord): UiSession => {
    const { hash: _, ...rest } = record
    return { ...rest, connected: (live.get(record.id)?.pages ?? 0) > 0 }
  }
  /** 192 bits are not guessed, and a bound would let any program lock a person out: whoever tries is told of instead. */
  const missed = () => {
    const now = clock.now()
    if (now - wrong.since > missesMs) Object.assign(wrong, { since: now, told: false, count: 0 })
    wrong.count += 1
    if (wrong.count < manyMisses || wrong.told) return
    wrong.told = true
    publish({ type: 'session.refused', who: 'berth:sessions', text: `Somebody tries codes of login links: ${wrong.count} wrong ones within a minute` })
  }
  const seen = (id: string) => {
    records = records.map((record) => (record.id === id ? { ...record, last_seen_at: iso() } : record))
    kept.later(records)
  }

  return {
    code() {
      const now = clock.now()
      for (const [hash, until] of codes) if (until <= now || codes.size >= mostCodes) codes.delete(hash)
      const code = randomBytes(24).toString('base64url')
      codes.set(hashOf(code), now + codeLifeMs)
      return { code, expires: clock.wall() + codeLifeMs }
    },
    async open(code, agent) {
      const hash = hashOf(code)
      const expires = codes.get(hash)
      codes.delete(hash)
      if (expires === undefined || expires <= clock.now()) {
        missed()
        throw fail('UNAUTHORIZED', 'This login link is not taken: it was used, or is older than 5 minutes', {
          next: 'Make a new one where Berth runs: berth open',
        })
      }
      const key = `bu_${randomBytes(32).toString('base64url')}`
      const at = iso()
      const record: SessionRecord = { id: randomBytes(6).toString('hex'), hash: hashOf(key), agent: browserOf(agent), created_at: at, last_seen_at: at }
      const others = [...records]
        .filter(fresh)
        .sort((a, b) => (a.last_seen_at < b.last_seen_at ? 1 : -1))
        .slice(0, mostSessions - 1)
      records = [record, ...others]
      changed()
      publish({ type: 'session.opened', who: `session:${record.id}`, text: `A browser logged in (${record.agent})` })
      try {
        await kept.save(records)
      } catch (error) {
        // It is good all the same, until Berth ends.
        publish({ type: 'berth.problem', who: 'berth:sessions', text: `The session will not outlive this engine: ${asBerthError(error).message}` })
      }
      return { key, session: shown(record) }
    },
    authenticate(key) {
      const hash = Buffer.from(hashOf(key), 'hex')
      const found = records.find((record) => timingSafeEqual(hash, Buffer.from(record.hash, 'hex')))
      if (!found || !fresh(found)) return null
      return { session: found.id, caller: { name: 'browser', scope: 'operator', bounds: null, revoked: liveOf(found.id).end.signal } }
    },
    connected(id, by) {
      // One that was ended while its page was still there.
      if (!records.some((record) => record.id === id)) return
      const it = liveOf(id)
      it.pages = Math.max(0, it.pages + by)
      seen(id)
      changed()
    },
    async end(id, who) {
      const found = records.find((record) => record.id === id)
      if (!found) return false
      records = records.filter((record) => record !== found)
      live.get(id)?.end.abort(fail('UNAUTHORIZED', 'The session was ended', { next: 'Log in again: `berth open`.' }))
      live.delete(id)
      changed()
      publish({ type: 'session.ended', who, text: `The session of a browser was ended (${found.agent})` })
      await kept.save(records)
      return true
    },
    all: () => records.map(shown),
    onChange,
  }
}

/** 192 and 256 random bits need no salt and no slow hash. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A browser's name for a person, out of what it says of itself. */
export function browserOf(agent: string): string {
  const name = /(Firefox|Edg|Chrome|Safari)\/(\d+)/.exec(agent)
  const system = /Windows|Macintosh|Android|iPhone|Linux/.exec(agent)?.[0] ?? null
  const known = name ? `${name[1] === 'Edg' ? 'Edge' : name[1]} ${name[2]}` : agent.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 40) || 'unknown'
  return system ? `${known} on ${system === 'Macintosh' ? 'macOS' : system}` : known
}

/** What one ticket is good for: the bytes of one file, one way, once. */
export interface Ticket {
  readonly sandbox: string
  readonly path: string
  readonly name: string
  readonly direction: 'download' | 'upload'
  readonly who: string
}

export interface TicketStore {
  issue(ticket: Ticket): { secret: string; expires: number }
  /** Takes it for good; null: there is none, it is too old, or it is for the other direction. */
  take(secret: string, direction: Ticket['direction']): Ticket | null
  /** Whether it would give a download now. */
  peek(secret: string): boolean
  /** Whoever is no longer let in has no tickets left either. */
  drop(who: string): void
}

const lifeMs = 30_000
const most = 1000

export function ticketStore(clock: Clock): TicketStore {
  const tickets = new Map<string, { readonly ticket: Ticket; readonly until: number }>()
  return {
    issue(ticket) {
      const now = clock.now()
      for (const [secret, { until }] of tickets) if (until <= now || tickets.size >= most) tickets.delete(secret)
      const secret = randomBytes(32).toString('base64url')
      tickets.set(secret, { ticket, until: now + lifeMs })
      return { secret, expires: clock.wall() + lifeMs }
    },
    take(secret, direction) {
      const found = tickets.get(secret)
      if (!found || found.ticket.direction !== direction) return null
      tickets.delete(secret)
      return found.until > clock.now() ? found.ticket : null
    },
    peek(secret) {
      const found = tickets.get(secret)
      return found?.ticket.direction === 'download' && found.until > clock.now()
    },
    drop(who) {
      for (const [secret, { ticket }] of tickets) if (ticket.who === who) tickets.delete(secret)
    },
  }
}

/** A name for the host's disk, of a file whose name an agent chose: nothing that hides what it is, and no way out of a directory. */
export function safeName(path: string): string {
  const last =
    path
      .split('/')
      .filter((part) => part !== '')
      .at(-1) ?? 'file'
  const plain = last
    // Control and bidi characters make a name look like another; the rest is forbidden on some system.
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')
    .replaceAll(/[\\/:*?"<>|]/g, '_')
    .replace(/^\.+$/, '')
    .replace(/[. ]+$/, '')
    .slice(0, 200)
  return plain === '' ? 'file' : plain
}
