import type { BerthEvent, NewEvent } from '../../shared/event.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { openEventFile } from './event-file.ts'
import { createMailbox, type EventListener, type Mailbox } from './mailbox.ts'
import { type Past, pastAfter, type Seen } from './past.ts'
import { createRing } from './ring.ts'

/** What happens in the house, told to whoever listens. Who publishes knows no recipient. */
export interface Events {
  /** New at every start: `seq` means something only together with it. */
  readonly instance: string
  publish(event: NewEvent): BerthEvent
  /** The newest events after `since`, at most `limit`; `dropped` counts those after `since` that are no longer kept. */
  recent(options: { since?: number | undefined; limit: number }): { events: BerthEvent[]; dropped: number }
  /**
   * Calls for each event, one after the other, each awaited. With `since` the kept ones after it come first, none
   * twice and none missing but what the `dropped` argument counts. A listener that throws is told no more.
   */
  subscribe(listener: EventListener, since?: number): { close(): void }
  /** What earlier instances told after `seen`, from the log on disk; null where nothing is known of that instance. */
  earlier(seen: Seen): Promise<Past | null>
  /** seq of the newest event; 0 before the first. */
  last(): number
  /** Events that slow subscribers lost, all together. */
  dropped(): number
  /** Lines missing in the log on disk. */
  unwritten(): number
  close(): Promise<void>
}

/** Events kept for whoever asks later, and the most that wait for one slow subscriber. */
const kept = 1000
const logBytes = 5_242_880

export function openEvents(deps: {
  clock: Clock
  instance: string
  /** The log on disk; null: none. */
  file: string | null
  log: Log
  fileLimit?: number
}): Events {
  const ring = createRing(kept)
  const mailboxes = new Set<Mailbox>()
  let lost = 0
  const file = deps.file === null ? null : openEventFile({ path: deps.file, limit: deps.fileLimit ?? logBytes, log: deps.log })

  return {
    instance: deps.instance,
    publish(event) {
      const full: BerthEvent = { seq: ring.last() + 1, at: new Date(deps.clock.wall()).toISOString(), ...event }
      ring.add(full)
      file?.append(JSON.stringify({ ...full, instance: deps.instance }))
      for (const mailbox of mailboxes) mailbox.post(full)
      return full
    },
    recent({ since, limit }) {
      const { events, dropped } = ring.after(since ?? 0)
      return { events: events.slice(-limit), dropped: since === undefined ? 0 : dropped + Math.max(0, events.length - limit) }
    },
    subscribe(listener, since) {
      const before = since === undefined ? { events: [], dropped: 0 } : ring.after(since)
      let missed = before.dropped
      const mailbox = createMailbox(
        (event, dropped) => {
          const lost = dropped + missed
          missed = 0
          return listener(event, lost)
        },
        kept,
        () => void (lost += 1),
        (thrown) => {
          mailboxes.delete(mailbox)
          deps.log('warn', 'A listener for events failed and gets no more of them', thrown)
        },
      )
      for (const event of before.events) mailbox.post(event)
      mailboxes.add(mailbox)
      return {
        close() {
          mailboxes.delete(mailbox)
          mailbox.close()
        },
      }
    },
    async earlier(seen) {
      if (deps.file === null || seen.instance === deps.instance) return null
      try {
        return await pastAfter(deps.file, seen, { current: deps.instance, most: kept })
      } catch (error) {
        deps.log('warn', 'The event log cannot be read, so that a reader does not get what it missed', error)
        return null
      }
    },
    last: () => ring.last(),
    dropped: () => lost,
    unwritten: () => file?.lost() ?? 0,
    async close() {
      for (const mailbox of mailboxes) mailbox.close()
      mailboxes.clear()
      await file?.close()
    },
  }
}
