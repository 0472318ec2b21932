import type { BerthEvent } from '../../shared/event.ts'

/** Gets events one at a time; `dropped` is how many were lost to this subscriber just before this one. */
export type EventListener = (event: BerthEvent, dropped: number) => void | Promise<void>

/** One subscriber's bounded queue: whoever publishes never waits for whoever reads. */
export interface Mailbox {
  post(event: BerthEvent): void
  close(): void
}

export function createMailbox(listener: EventListener, size: number, onDropped: () => void, onBroken: (thrown: unknown) => void): Mailbox {
  const waiting: BerthEvent[] = []
  let dropped = 0
  let running = false
  let closed = false

  async function run(): Promise<void> {
    running = true
    try {
      for (let next = waiting.shift(); next !== undefined && !closed; next = waiting.shift()) {
        const lost = dropped
        dropped = 0
        await listener(next, lost)
      }
    } catch (thrown) {
      // A listener that was told to stop while it waited may well end by throwing.
      if (closed) return
      closed = true
      waiting.length = 0
      onBroken(thrown)
    } finally {
      running = false
    }
  }

  return {
    post(event) {
      if (closed) return
      waiting.push(event)
      if (waiting.length > size) {
        waiting.shift()
        dropped++
        onDropped()
      }
      // Not in the publisher's own turn: it is in the middle of a change of its own.
      if (!running) {
        running = true
        queueMicrotask(() => void run())
      }
    },
    close() {
      closed = true
      waiting.length = 0
    },
  }
}
