import type { BerthEvent } from '../../shared/event.ts'

/** The newest events, oldest first; the older ones make room. */
export interface Ring {
  add(event: BerthEvent): void
  /** Those after `seq`; `dropped` counts the ones after it that are no longer kept. */
  after(seq: number): { events: BerthEvent[]; dropped: number }
  last(): number
}

export function createRing(size: number): Ring {
  let kept: BerthEvent[] = []
  let last = 0
  return {
    add(event) {
      kept.push(event)
      last = event.seq
      // Cut in halves rather than one by one: a shift of the whole array for each event would be the dearest part.
      if (kept.length >= size * 2) kept = kept.slice(-size)
    },
    after(seq) {
      const held = kept.slice(-size)
      const events = held.filter((event) => event.seq > seq)
      const oldest = held[0]?.seq ?? last + 1
      return { events, dropped: Math.max(0, oldest - 1 - Math.max(0, seq)) }
    },
    last: () => last,
  }
}
