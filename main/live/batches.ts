import type { Clock } from '../clock.ts'
import { flushAfter } from './flush.ts'

/** Gathers items for one subscriber: sent together soon after, the oldest dropped and counted where it does not keep up. */
export interface Batches<Item> {
  add(item: Item): void
  /** Sends what waits, as far as there is room. True: nothing waits any more. */
  deliver(): boolean
  close(): void
}

export function batches<Item>(deps: {
  clock: Clock
  ms: number
  /** Items that wait at most. */
  most: number
  /** Items of one message at most. */
  chunk: number
  room: () => boolean
  send: (items: Item[], dropped: number) => void
}): Batches<Item> {
  let waiting: Item[] = []
  let dropped = 0
  const flush = flushAfter(deps.clock, deps.ms, () => void deliver())

  function deliver(): boolean {
    while (waiting.length > 0 && deps.room()) {
      const items = waiting.length <= deps.chunk ? waiting : waiting.slice(0, deps.chunk)
      waiting = waiting.length <= deps.chunk ? [] : waiting.slice(deps.chunk)
      const lost = dropped
      dropped = 0
      deps.send(items, lost)
    }
    return waiting.length === 0
  }

  return {
    add(item) {
      waiting.push(item)
      // In blocks: a shift of the whole array for each item would be the dearest part.
      if (waiting.length >= deps.most + deps.chunk) {
        dropped += deps.chunk
        waiting = waiting.slice(deps.chunk)
      }
      flush.ask()
    },
    deliver,
    close: () => flush.close(),
  }
}
