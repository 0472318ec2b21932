import type { SlotRow } from '../../shared/state.ts'
import type { Found } from '../backends/backend.ts'
import type { Hindrance } from './slots-plan.ts'

/** `seen`: what its mounts were when it was started. */
export interface Spare {
  readonly slot: string
  readonly found: Found
  readonly started: string
  readonly seen: string
}

/** What a shutdown could not end: a sandbox's id or a container's name, and why. */
export interface NotEnded {
  readonly id: string
  readonly error: string
}

export interface SlotCounts {
  readonly wanted: number
  readonly ready: number
  readonly starting: number
  /** Why there are none, or fewer than wanted; null: all is well. */
  readonly problem: string | null
  /** Whether a running sandbox was seen to follow its directory; null: not tried yet. */
  readonly proven: boolean | null
}

/** The pool as screens show it. What is being claimed or ended is in nobody's list: it is a thread's by then, or going. */
export interface SlotPool {
  /** How many there should be, were nothing in the way; 0: this backend has none, or the configuration wants none. */
  wanted(): number
  all(): readonly SlotRow[]
  /** One is there for whoever comes next. */
  ready(): boolean
  /** Why there are none; null: they are on. */
  off(): string | null
  onChange(listener: () => void): () => void
}

/** The pool of slots: sandboxes that were started before anybody asked. They are no entries of the table. */
export interface Slots {
  /** The next one, for the caller alone; null: none is ready. */
  take(): Spare | null
  /** One that is being started, once it is ready, for the caller alone: it is further than a start of one's own. null: none is, or it takes too long. */
  coming(signal: AbortSignal): Promise<Spare | null>
  /** It was not claimed, and is as good as before. */
  giveBack(slot: string): void
  /** It was not claimed for this reason: given back, or of no use to anybody. */
  unfit(slot: string, why: Hindrance): void
  /** It is an entry's now, or somebody else's. */
  forget(slot: string): void
  /** Ends one. `claimed`: it was marked as a thread's, so that nobody needs to be kept from it. */
  end(slot: string, claimed: boolean): Promise<void>
  /** A sandbox was made for somebody: for `auto`. */
  arrived(): void
  /** Looks again at how many there should be. */
  schedule(): void
  knows(slot: string): boolean
  /** What a listing says of those that are ready. */
  listed(found: readonly Found[], listedAt: number): void
  ended(ref: string): void
  restarted(ref: string): void
  counts(): SlotCounts
  readonly pool: SlotPool
  /** From now on there are some. */
  open(): void
  /**
   * Ends all, and makes none until `open`; resolves when each was tried once, with those whose container is still there.
   * `final`: what fails is not tried again.
   */
  shut(options: { final: boolean }): Promise<NotEnded[]>
}
