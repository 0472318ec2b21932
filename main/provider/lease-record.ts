import { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { Entry, Lease } from './entry.ts'

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
/** Seconds on a clock that no wall jump moves, and which boot it counts from; null where a system has none. */
export type Uptime = { readonly boot: string; readonly seconds: number } | null

export type LeaseRecord = z.infer<typeof leaseRecord>

export function toRecord(entry: Entry, clock: Clock, uptime: Uptime, untold: ReadonlySet<string> = new Set(), nameOf: (holder: string) => string | null = () => null): LeaseRecord {
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
  const age =
    uptime && record.uptime?.boot === uptime.boot
      ? (uptime.seconds - record.uptime.seconds) * 1000
      : clock.wall() - record.at
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
