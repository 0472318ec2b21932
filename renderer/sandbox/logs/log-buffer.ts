import type { LogLine } from '../../../shared/topics/sandbox-topics.ts'
import { plainOf } from './ansi.logic.ts'

export type LogItem =
  | {
      readonly kind: 'line'
      readonly at: string | null
      /** As it came, cut. */ readonly raw: string
      readonly text: string
      /** Characters that were cut. */ readonly cut: number
    }
  /** Lines that are missing here; null: nobody knows how many. */
  | { readonly kind: 'dropped'; readonly count: number | null }

export interface LogLimits {
  /** Items kept. */
  readonly items: number
  /** Characters kept, all together. */
  readonly characters: number
  /** Characters of one line. */
  readonly line: number
  /** Lines that may wait for `drain`. */
  readonly waiting: number
}

export const logLimits: LogLimits = { items: 50_000, characters: 33_554_432, line: 8192, waiting: 20_000 }

export interface LogTotals {
  /** Lines that were shown, still kept or not. */
  readonly lines: number
  /** Lines that were lost on the way or here. */
  readonly dropped: number
  /** Items that were kept once and have made room. Item i of `items()` is number `gone + i` for good. */
  readonly gone: number
}

export interface LogBuffer {
  /** Takes what came; it is seen after the next `drain`. More than may wait is dropped, and counted in its place. */
  push(lines: readonly LogLine[], dropped: number): void
  /** Puts at most this many waiting lines among the items; true: more wait. */
  drain(most: number): boolean
  waiting(): number
  size(): number
  item(index: number): LogItem | undefined
  totals(): LogTotals
  /** A subscription begins (anew): lines that are there already are not taken twice. */
  begin(): void
  /** Drops everything, for good: lines up to the last one do not come back. */
  clear(): void
  /** Time of the last line that was cleared away; given back to `logBuffer` it holds after a reload too. */
  clearedTo(): string | null
}

/** What a log view keeps: bounded in lines and characters, and exact about what is missing. */
export function logBuffer(limits: LogLimits = logLimits, cleared: string | null = null): LogBuffer {
  let items: LogItem[] = []
  /** Index of the first item that counts: taking from the front of a long array each time would cost more. */
  let head = 0
  let queue: LogItem[] = []
  let characters = 0
  let lines = 0
  let dropped = 0
  let gone = 0
  let last: string | null = null
  /** Lines up to here were seen by an earlier subscription. */
  let seen: string | null = null
  let joined = true

  function add(item: LogItem): void {
    items.push(item)
    if (item.kind === 'line') {
      characters += item.raw.length
      lines += 1
    } else dropped += item.count ?? 0
    while (items.length - head > limits.items || characters > limits.characters) {
      const oldest = items[head]
      if (oldest?.kind === 'line') characters -= oldest.raw.length
      head += 1
      gone += 1
    }
    if (head > 4096 && head > items.length / 2) {
      items = items.slice(head)
      head = 0
    }
  }

  function missing(count: number | null): void {
    if (count === 0) return
    const before = queue.at(-1)
    if (before?.kind === 'dropped' && before.count !== null && count !== null) queue[queue.length - 1] = { kind: 'dropped', count: before.count + count }
    else queue.push({ kind: 'dropped', count })
  }

  return {
    push(came, lost) {
      missing(lost)
      for (const { at, text } of came) {
        if (at !== null && ((cleared !== null && at <= cleared) || (seen !== null && at <= seen))) {
          joined = true
          continue
        }
        if (!joined) {
          joined = true
          missing(null)
        }
        if (at !== null) last = at
        if (queue.length >= limits.waiting) {
          missing(1)
          continue
        }
        const raw = text.length > limits.line ? text.slice(0, limits.line) : text
        queue.push({ kind: 'line', at, raw, text: plainOf(raw), cut: text.length - raw.length })
      }
    },
    drain(most) {
      const now = queue.length <= most ? queue : queue.slice(0, most)
      queue = queue.length <= most ? [] : queue.slice(most)
      for (const item of now) add(item)
      return queue.length > 0
    },
    waiting: () => queue.length,
    size: () => items.length - head,
    item: (index) => (index < 0 ? undefined : items[head + index]),
    totals: () => ({ lines, dropped, gone }),
    begin() {
      if (items.length - head + queue.length === 0) return
      if (last === null) {
        // Nothing tells old lines from new ones: what comes now stands for all.
        gone += items.length - head
        items = []
        queue = []
        head = characters = 0
        return
      }
      seen = last
      joined = false
    },
    clear() {
      gone += items.length - head
      items = []
      queue = []
      head = characters = 0
      if (last !== null) cleared = last
    },
    clearedTo: () => cleared,
  }
}

export interface LogPump {
  /** Settles once what waits has been put among the items, or enough of it: so a flood waits, or is dropped, in the engine. */
  soon(): Promise<void>
  close(): void
}

/** Lines put among the items at once: bounded work a frame, well above 10,000 a second. */
const mostAtOnce = 4000
/**
 * Moves what came into what is shown, once a frame at most, and no sooner than `between` ms after the last time. `frame`: as
 * requestAnimationFrame.
 */
export function logPump(
  log: LogBuffer,
  changed: () => void,
  between: () => number,
  frame: (run: (now: number) => void) => number,
  cancel: (id: number) => void,
): LogPump {
  let wanted = 0
  let last = -Infinity
  let waiting: (() => void)[] = []

  function turn(now: number): void {
    wanted = 0
    if (now - last < between()) return ask()
    last = now
    const more = log.drain(mostAtOnce)
    for (const done of waiting.splice(0)) done()
    changed()
    if (more) ask()
  }

  function ask(): void {
    if (wanted === 0) wanted = frame(turn)
  }

  return {
    soon() {
      ask()
      return new Promise((resolve) => waiting.push(resolve))
    },
    close() {
      cancel(wanted)
      for (const done of waiting) done()
      waiting = []
    },
  }
}
