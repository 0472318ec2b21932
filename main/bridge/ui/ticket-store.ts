import { randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'

/** What one ticket is good for: the bytes of one file, one way, once. */
export interface Ticket { readonly sandbox: string; readonly path: string; readonly name: string; readonly direction: 'download' | 'upload'; readonly who: string }

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
  const last = path.split('/').filter((part) => part !== '').at(-1) ?? 'file'
  const plain = last
    // Control and bidi characters make a name look like another; the rest is forbidden on some system.
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')
    .replaceAll(/[\\/:*?"<>|]/g, '_')
    .replace(/^\.+$/, '')
    .replace(/[. ]+$/, '')
    .slice(0, 200)
  return plain === '' ? 'file' : plain
}
