import { z } from 'zod'
import type { Clock, Uptime } from '../base/clock.ts'
import type { Entry, Lease } from './registry.ts'

/**
 * `leases/<id>`: what the engine cannot hold. Losing one makes its sandbox warm at the next start, no more.
 * Both stamps say the same moment; `uptime` is the trusted one, as no jump of the wall clock moves it.
 */
export const leaseRecord = z.object({
  holders: z.array(
    z.object({
      holder: z.string(),
      since: z.number(),
      /** What people call it. */
      name: z.string().optional(),
      /** Milliseconds: nobody had come for it yet, and after a restart it is awaited for as long again. */
      provisional: z.number().optional(),
    }),
  ),
  /** Wall clock of the last activity, or of the moment it became warm if that was later. */
  at: z.number(),
  uptime: z.object({ boot: z.string(), seconds: z.number() }).nullable(),
  replaced: z.number().int(),
  /** Whose an anonymous one is. */
  client: z.string().optional(),
  /** Holders that are still to be told that their sandbox was replaced; without a sandbox, it is what the record is for. */
  untold: z.array(z.string()).optional(),
})
export type LeaseRecord = z.infer<typeof leaseRecord>

export function toRecord(
  entry: Entry,
  clock: Clock,
  uptime: Uptime,
  untold: ReadonlySet<string> = new Set(),
  nameOf: (holder: string) => string | null = () => null,
): LeaseRecord {
  const last = entry.state === 'active' ? entry.activityAt : Math.max(entry.since, entry.activityAt)
  const age = Math.max(0, clock.now() - last)
  return {
    holders: entry.leases.map(({ holder, since, provisional }) => {
      const name = nameOf(holder)
      return {
        holder,
        since,
        ...(name === null ? {} : { name }),
        ...(provisional ? { provisional: provisional.until - provisional.from } : {}),
      }
    }),
    at: clock.wall() - age,
    uptime: uptime && { boot: uptime.boot, seconds: uptime.seconds - age / 1000 },
    replaced: entry.replaced,
    ...(entry.client === null ? {} : { client: entry.client }),
    ...(untold.size === 0 ? {} : { untold: [...untold] }),
  }
}

/** Monotonic ms of what a record stamped: by uptime within one boot, otherwise by the wall clock, clamped to the past. */
export function stampedAt(record: LeaseRecord, clock: Clock, uptime: Uptime): number {
  const age = uptime && record.uptime?.boot === uptime.boot ? (uptime.seconds - record.uptime.seconds) * 1000 : clock.wall() - record.at
  return clock.now() - Math.max(0, age)
}

/** The holds of a record, as they are from `now` (monotonic ms) on. */
export function leasesOf(record: LeaseRecord, now: number): Lease[] {
  return record.holders.map(({ holder, since, provisional }) => ({
    holder,
    since,
    ...(provisional === undefined ? {} : { provisional: { from: now, until: now + provisional } }),
  }))
}

/** Threads and holders that never come back must not fill memory: the oldest are forgotten. */
const most = 1000

/** Keeps a value as the youngest of a map of bounded size. */
export function remember<T>(map: Map<string, T>, id: string, value: T): void {
  map.delete(id)
  map.set(id, value)
  for (const oldest of map.keys()) if (map.size > most) map.delete(oldest)
}

/** What people call holders: conversations of an agent's program by its name and a number, unless somebody gave one a name. */
export interface HolderNames {
  /** null: nobody named it, its own id is what there is. */
  of(holder: string): string | null
  /** A holder says which program it is. One that has a name keeps it. */
  introduce(holder: string, program: string): void
  /** From an earlier life of the engine, or somebody's wish. */
  set(holder: string, name: string): void
}

/** Kept in memory, and with the leases of the sandboxes that are held: a name matters as long as somebody can see its holder. */
export function makeHolderNames(): HolderNames {
  const names = new Map<string, string>()
  return {
    of: (holder) => names.get(holder) ?? null,
    introduce(holder, program) {
      const known = names.get(holder)
      // Again, so that those which are still at work are the last to be forgotten.
      if (known !== undefined) return remember(names, holder, known)
      const begin = `${program} · conversation `
      const numbers = [...names.values()].filter((name) => name.startsWith(begin)).map((name) => Number(name.slice(begin.length)) || 0)
      remember(names, holder, `${begin}${Math.max(0, ...numbers) + 1}`)
    },
    set: (holder, name) => remember(names, holder, name),
  }
}
