import { toErrorData } from '../../shared/errors.ts'
import type { Acquired, Sandbox } from '../../shared/sandbox.ts'
import type { Core, Landing } from './core.ts'
import type { Entry } from './registry.ts'
import { dueOf, idleTimes } from './idle.ts'
import type { Clock } from '../base/clock.ts'

/** An entry as people and programs see it. Monotonic stamps become wall clock here and nowhere else. */
export function viewOf(core: Core, entry: Entry): Sandbox {
  const { backend, config } = core.deps
  const iso = (mono: number) => new Date(core.stampOf(mono)).toISOString()
  const due = dueOf(entry, idleTimes(config()))
  return {
    id: entry.id,
    user: entry.user,
    thread: entry.thread,
    status: entry.state,
    backend: backend.kind,
    isolation: backend.isolation,
    // Embedded sandboxes are made of this machine's own files.
    image: backend.traits.images === 'none' ? null : entry.sandbox ? entry.sandbox.image : (entry.image ?? config().image),
    name: entry.name,
    container: entry.sandbox?.ref ?? null,
    url: entry.sandbox?.url ?? null,
    holders: entry.leases.map(({ holder, since }) => {
      const name = core.names.of(holder)
      return { holder, since: new Date(since).toISOString(), ...(name === null ? {} : { name }) }
    }),
    created_at: new Date(entry.createdAt).toISOString(),
    last_activity_at: iso(entry.activityAt),
    since: iso(entry.since),
    working: entry.work > 0,
    expires_at: due === null ? null : iso(due.at),
    replaced: entry.replaced,
    step: entry.step,
    error: entry.error && toErrorData(entry.error),
  }
}

/** What one holder gets. Being told of a replacement happens once. */
export function acquiredOf(core: Core, entry: Entry, holder: string, landing: Landing): Acquired {
  const untold = core.untold.get(entry.id)
  const told = untold?.delete(holder) ?? false
  if (untold?.size === 0) core.untold.delete(entry.id)
  const nonce = entry.sandbox?.nonce ?? null
  const key = nonce === null ? null : core.deps.keyOf(nonce)
  return {
    ...viewOf(core, entry),
    path: landing.path,
    holder,
    headers: key === null ? {} : { 'X-AIO-API-Key': key },
    was_replaced: told,
    warnings: [...landing.warnings],
  }
}

const order = ['active', 'creating', 'warm', 'paused', 'stopping', 'failed'] as const

/** Active first, then warm; the most recently used first within each. */
export function sorted(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || b.activityAt - a.activityAt || (a.id < b.id ? -1 : 1))
}

/** More than the two clocks' own grain, and nothing that a person would see. Milliseconds. */
const slackMs = 5

/**
 * Monotonic stamps as epoch milliseconds, the same ones each time: asked anew the two clocks differ by their grain, and a stamp
 * that flickers would make everything that carries it look changed. A step of the wall clock is followed.
 */
export function wallStamps(clock: Pick<Clock, 'now' | 'wall'>): (mono: number) => number {
  let offset = clock.wall() - clock.now()
  return (mono) => {
    const seen = clock.wall() - clock.now()
    if (Math.abs(seen - offset) > slackMs) offset = seen
    return Math.round(offset + mono)
  }
}
