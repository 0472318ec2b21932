import { type FileHandle, open, rename } from 'node:fs/promises'
import type { BerthEvent, NewEvent } from '../../../shared/events.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { type Past, pastAfter, type Seen } from './past.ts'

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

/** The newest events, oldest first; the older ones make room. */
export interface Ring {
  add(event: BerthEvent): void
  /** Those after `seq`; `dropped` counts the ones after it that are no longer kept. */
  after(seq: number): { events: BerthEvent[]; dropped: number }
  last(): number
}

function createRing(size: number): Ring {
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

/** Gets events one at a time; `dropped` is how many were lost to this subscriber just before this one. */
export type EventListener = (event: BerthEvent, dropped: number) => void | Promise<void>

/** One subscriber's bounded queue: whoever publishes never waits for whoever reads. */
interface Mailbox {
  post(event: BerthEvent): void
  close(): void
}

function createMailbox(listener: EventListener, size: number, onDropped: () => void, onBroken: (thrown: unknown) => void): Mailbox {
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

/** The event log on disk: JSON lines, 0600, two files of `limit` bytes at most. Nothing it meets fails its caller. */
export interface EventFile {
  append(line: string): void
  /** Lines that could not be written since the start. */
  lost(): number
  /** Writes what waits, then lets go of the file. */
  close(): Promise<void>
}

/** Lines that wait for a slow disk; more are counted as lost. */
const longestQueue = 10_000

function openEventFile(deps: { path: string; limit: number; log: Log }): EventFile {
  const waiting: string[] = []
  let handle: FileHandle | null = null
  let size = 0
  let lost = 0
  let outage = 0
  let flushing: Promise<void> | null = null

  async function reopen(): Promise<FileHandle> {
    const file = await open(deps.path, 'a', 0o600)
    handle = file
    const facts = await file.stat()
    if (facts.isFile() && (facts.mode & 0o077) !== 0) await file.chmod(0o600)
    size = facts.size
    return file
  }

  async function write(text: string): Promise<void> {
    const bytes = Buffer.from(text, 'utf8')
    let file = handle ?? (await reopen())
    if (size > 0 && size + bytes.byteLength > deps.limit) {
      handle = null
      await file.close()
      await rename(deps.path, `${deps.path}.old`)
      file = await reopen()
    }
    await file.writeFile(bytes)
    size += bytes.byteLength
  }

  /** What waits, but not so much of it at once that the files' bound would mean nothing. */
  function batch(): string[] {
    let length = 0
    const end = waiting.findIndex((line) => (length += Buffer.byteLength(line)) > deps.limit / 4)
    return waiting.splice(0, end < 0 ? waiting.length : Math.max(1, end))
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const lines = batch()
      try {
        // After a failure the file may end in half a line.
        await write(`${outage > 0 ? '\n' : ''}${lines.join('')}`)
        if (outage > 0) deps.log('info', `The event log can be written again; ${outage} lines are missing in it`)
        outage = 0
      } catch (thrown) {
        if (outage === 0) deps.log('error', `The event log ${deps.path} cannot be written; its lines are counted until it can`, thrown)
        lost += lines.length
        outage += lines.length
        // A handle that failed is not trusted; that it cannot be closed either says nothing new.
        await handle?.close().catch(() => undefined)
        handle = null
      }
    }
  }

  return {
    append(line) {
      if (waiting.length >= longestQueue) {
        lost++
        return
      }
      waiting.push(`${line}\n`)
      flushing ??= flush().finally(() => {
        flushing = null
      })
    },
    lost: () => lost,
    async close() {
      await flushing
      await handle?.close()
      handle = null
    },
  }
}
