import type { Readable } from 'node:stream'

/** The last `limit` bytes written; memory grows with what is written, up to the limit, and is written over from then on. */
class Ring {
  #bytes: Buffer = Buffer.alloc(0)
  #start = 0
  size = 0
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  write(given: Buffer): void {
    const chunk = given.length > this.#limit ? given.subarray(given.length - this.#limit) : given
    if (this.size + chunk.length > this.#bytes.length && this.#bytes.length < this.#limit) this.#grow(this.size + chunk.length)
    const capacity = this.#bytes.length
    const excess = Math.max(0, this.size + chunk.length - capacity)
    this.#start = capacity === 0 ? 0 : (this.#start + excess) % capacity
    this.size -= excess
    const at = capacity === 0 ? 0 : (this.#start + this.size) % capacity
    const first = Math.min(chunk.length, capacity - at)
    chunk.copy(this.#bytes, at, 0, first)
    chunk.copy(this.#bytes, 0, first)
    this.size += chunk.length
  }

  read(): Buffer {
    const capacity = this.#bytes.length
    const first = this.#bytes.subarray(this.#start, Math.min(this.#start + this.size, capacity))
    return Buffer.concat([first, this.#bytes.subarray(0, this.size - first.length)])
  }

  clear(): void {
    this.#bytes = Buffer.alloc(0)
    this.#start = 0
    this.size = 0
  }

  #grow(wanted: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(1024, 2 * this.#bytes.length, wanted)))
    const kept = this.read()
    kept.copy(bytes)
    this.#bytes = bytes
    this.#start = 0
  }
}

/**
 * The output of one stream, bounded: the first quarter and the last three quarters of `limit` bytes are kept, what lies
 * between is dropped and counted. Offsets are in bytes of the whole stream, dropped ones included, so that they stay
 * valid. Everything written is copied: readers use one buffer again and again.
 */
export class OutputBuffer {
  readonly #head: Ring
  readonly #tail: Ring
  readonly #headLimit: number
  #total = 0

  constructor(limit: number) {
    this.#headLimit = Math.floor(limit / 4)
    this.#head = new Ring(this.#headLimit)
    this.#tail = new Ring(limit - this.#headLimit)
  }

  /** Bytes ever written. */
  get total(): number {
    return this.#total
  }

  /** Bytes held in memory. */
  get held(): number {
    return this.#head.size + this.#tail.size
  }

  push(chunk: Buffer): void {
    const room = Math.max(0, this.#headLimit - this.#total)
    this.#total += chunk.length
    if (room > 0) this.#head.write(chunk.subarray(0, room))
    if (chunk.length > room) this.#tail.write(chunk.subarray(room))
  }

  /**
   * The bytes from `offset` on, as text, with a note in place of what was dropped. `end` is the offset to go on from:
   * unless `final`, a character whose bytes have not all come yet is left for the next time.
   */
  read(offset: number, final: boolean): { text: string; end: number } {
    const from = Math.min(Math.max(0, offset), this.#total)
    const tailStart = this.#total - this.#tail.size
    const head = this.#head.read().subarray(Math.min(from, this.#head.size))
    const tail = this.#tail.read().subarray(Math.max(0, from - tailStart))
    const lost = Math.max(0, tailStart - Math.max(from, this.#head.size))
    if (lost === 0) {
      const whole = Buffer.concat([head, tail])
      const cut = final ? 0 : incomplete(whole)
      return { text: whole.subarray(0, whole.length - cut).toString('utf8'), end: this.#total - cut }
    }
    const before = head.subarray(0, head.length - incomplete(head))
    const after = tail.subarray(strayBytes(tail))
    const cut = final ? 0 : incomplete(after)
    const text = `${before.toString('utf8')}\n[... ${lost} bytes dropped ...]\n${after.subarray(0, after.length - cut).toString('utf8')}`
    return { text, end: this.#total - cut }
  }

  /** Everything still held, as text. */
  all(): string {
    return this.read(0, true).text
  }

  /** Gives the memory back; what was held counts as dropped. */
  clear(): void {
    this.#head.clear()
    this.#tail.clear()
  }
}

/** How many bytes at the end belong to a character that is not whole. */
function incomplete(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? back : 0
  }
  return 0
}

/** How many bytes at the start belong to a character whose first byte was dropped. */
function strayBytes(bytes: Buffer): number {
  let count = 0
  while (count < Math.min(3, bytes.length) && ((bytes[count] ?? 0) & 0xc0) === 0x80) count += 1
  return count
}

/** Cuts the middle out of a text that is longer than `limit` characters (0: never), and says how much. */
export function truncateMiddle(text: string, limit: number): string {
  if (limit <= 0 || text.length <= limit) return text
  const head = Math.floor(limit / 2)
  const tail = limit - head
  const dropped = text.length - limit
  return `${text.slice(0, head)}\n[... ${dropped} characters truncated ...]\n${text.slice(text.length - tail)}`
}

/** Milliseconds: how often, and how long at most, pipes are looked at while processes in the background hold them open. */
const drainStep = 3
const drainFor = 60

/**
 * Resolves when all that an ended process wrote has been read from its pipes. `total` counts what was read. A child in
 * the background may keep the pipes open for hours: what is in them now is read, then it is the end.
 */
export async function drained(streams: readonly (Readable | null)[], total: () => number): Promise<void> {
  const until = performance.now() + drainFor
  const open = streams.filter((each) => each !== null && !each.destroyed && !each.readableEnded)
  // A reader that was slow for its own reader's sake has nobody to wait for any more.
  for (const each of open) each?.resume()
  const closed = Promise.all(open.map((each) => new Promise((resolve) => each?.once('close', resolve))))
  let seen = -1
  for (;;) {
    const step = Promise.withResolvers<'more'>()
    const timer = setTimeout(() => step.resolve('more'), drainStep)
    const last = await Promise.race([closed, step.promise])
    clearTimeout(timer)
    // On a busy machine several of these timers come due at once: that nothing new came counts only if somebody looked.
    if (last === 'more') await polled()
    const now = total()
    if (last !== 'more' || now === seen || performance.now() > until) return
    seen = now
  }
}

/** Resolves once the event loop has been through its pipes: `setImmediate` runs right after they were polled. */
function polled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
