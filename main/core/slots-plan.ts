import type { SlotSight } from './slot-deps.ts'
import type { Config } from '../../shared/config.ts'
import { parseSize } from '../../shared/size.ts'
import type { Traits } from '../backends/backend.ts'

/** More children than this are not moved one by one: a start is quicker, and less can go wrong. */
const mostChildren = 16
/** How far back new threads are looked at with `spares: auto`. */
const lookBackMs = 600_000
/** `auto` never keeps more than these, whatever came. */
const most = 20

export interface SlotView {
  readonly slot: string
  readonly state: 'starting' | 'ready' | 'claiming' | 'ending'
  /** Made under another configuration or version. */
  readonly outdated: boolean
  /** Monotonic ms. */
  readonly madeAt: number
}

/** How many are to be started, and which ready ones go. What is ending counts until the engine says that it is gone. */
export function slotPlan(slots: readonly SlotView[], wanted: number): { start: number; drop: string[] } {
  const ready = slots.filter((it) => it.state === 'ready').sort((a, b) => a.madeAt - b.madeAt)
  const outdated = ready.filter((it) => it.outdated)
  const good = ready.filter((it) => !it.outdated)
  const coming = slots.filter((it) => it.state === 'starting' && !it.outdated).length
  const extra = Math.max(0, good.length + coming - wanted)
  const drop = [...outdated, ...good.slice(0, extra)].map(({ slot }) => slot)
  const there = slots.filter((it) => it.state !== 'claiming').length
  return { start: Math.max(0, wanted - there), drop }
}

/** Which is claimed next: the oldest ready one that is not outdated. */
export function nextSlot(slots: readonly SlotView[]): string | null {
  const [first] = slots.filter((it) => it.state === 'ready' && !it.outdated).sort((a, b) => a.madeAt - b.madeAt)
  return first?.slot ?? null
}

export interface Demand {
  readonly setting: number | 'auto'
  /** Monotonic ms of sandboxes that were made for somebody, oldest first. */
  readonly arrivals: readonly number[]
  readonly now: number
  /** How long one takes to be made here. */
  readonly makeMs: number
  /** Bytes of all together, and of one. */
  readonly budget: number
  readonly each: number
}

/**
 * How many spares there should be. `auto`: as many as ever came, of late, in the time that it takes to make one; so that
 * the next such crowd finds them ready. One at least, if the budget has room for it.
 */
export function wantedSpares({ setting, arrivals, now, makeMs, budget, each }: Demand): number {
  if (setting !== 'auto') return setting
  const recent = arrivals.filter((at) => now - at <= lookBackMs)
  let crowd = 1
  for (let first = 0, last = 0; last < recent.length; last += 1) {
    while ((recent[last] ?? 0) - (recent[first] ?? 0) > makeMs) first += 1
    crowd = Math.max(crowd, last - first + 1)
  }
  return Math.max(0, Math.min(crowd, most, Math.floor(budget / Math.max(1, each))))
}

/** Why a slot cannot become a thread's: for what this thread is, for what this slot is, or for what every slot here is. */
export interface Hindrance {
  readonly reason: string
  readonly of: 'thread' | 'slot' | 'all'
}

export const spoiltReason = 'the image, or a file that is mounted, puts something into the directory of a new sandbox before its thread is known'

export function whySpent(sight: SlotSight): Hindrance | null {
  return sight.slotEmpty ? null : { of: 'all', reason: spoiltReason }
}

/** Why this slot cannot become this thread's, or null. */
export function whyUnfit(sight: SlotSight): Hindrance | null {
  const reason = unfit(sight)
  return reason === null ? null : { of: 'thread', reason }
}

function unfit(sight: SlotSight): string | null {
  if (sight.thread === 'other') return "the thread's directory is a link or a file"
  if (!sight.sameVolume) return "the thread's directory is on another volume"
  if (!sight.sameOwner) return "the thread's directory belongs to another user"
  if (sight.covered !== null) return `the thread has files in ${sight.covered} already, and the configuration mounts something inside it`
  if (sight.children.length > mostChildren) return `there are more than ${mostChildren} things in the thread's directory`
  return null
}

/** Proportional memory of an idle lite sandbox is below 20 MiB; this leaves room. */
const liteBytes = 48 * 1024 ** 2
/** Other images run a desktop and a browser. */
const otherBytes = 512 * 1024 ** 2

/** What `spares: auto` reckons with, in bytes: for all slots, and for one. */
export function bytesOfOne(config: Pick<Config, 'image' | 'resources' | 'spares_memory'>, traits: Pick<Traits, 'images'>): { budget: number; each: number } {
  const lite = traits.images === 'none' || /^berth-lite(:|$)/.test(config.image)
  const guess = lite ? liteBytes : otherBytes
  const limit = config.resources.memory === null ? Infinity : parseSize(config.resources.memory)
  return { budget: parseSize(config.spares_memory), each: Math.min(guess, limit || guess) }
}
