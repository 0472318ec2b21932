import type { z } from 'zod'
import type { Scope } from './call.ts'

/**
 * What the engine does while a subscriber has 256 KiB unacknowledged: `merge` sends only the newest truth later, `drop`
 * drops and counts, `pause` stops the source.
 */
export type Pressure = 'merge' | 'drop' | 'pause'

/** One topic, whole: what a view subscribes to, what then comes, and what it may say back. */
export interface TopicRow<P extends z.ZodType = z.ZodType, E extends z.ZodType = z.ZodType, U extends z.ZodType = z.ZodType> {
  readonly summary: string
  readonly scope: Scope
  readonly pressure: Pressure
  readonly params: P
  readonly event: E
  /** What a subscriber may send back; `z.never()` where nothing. */
  readonly up: U
}

/** Types a row without widening it. */
export function topic<P extends z.ZodType, E extends z.ZodType, U extends z.ZodType>(it: TopicRow<P, E, U>): TopicRow<P, E, U> {
  return it
}
