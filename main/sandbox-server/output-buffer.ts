/**
 * The output of one stream, bounded: the first `head` bytes and the last `tail` bytes are kept, what lies between is
 * dropped and counted. Offsets are in bytes of the whole stream, dropped ones included, so that they stay valid.
 */
export class OutputBuffer {
  #head: Buffer[] = []
  #headSize = 0
  #tail: Buffer[] = []
  #tailSize = 0
  #total = 0
  readonly #headLimit: number
  readonly #tailLimit: number

  constructor(limit: number) {
    this.#headLimit = Math.floor(limit / 4)
    this.#tailLimit = limit - this.#headLimit
  }

  /** Bytes ever written. */
  get total(): number {
    return this.#total
  }

  /** Bytes held in memory. */
  get held(): number {
    return this.#headSize + this.#tailSize
  }

  get dropped(): number {
    return this.#total - this.held
  }

  push(chunk: Buffer): void {
    this.#total += chunk.length
    let rest = chunk
    if (this.#headSize < this.#headLimit) {
      const taken = rest.subarray(0, this.#headLimit - this.#headSize)
      append(this.#head, taken)
      this.#headSize += taken.length
      rest = rest.subarray(taken.length)
    }
    if (rest.length === 0) return
    append(this.#tail, rest)
    this.#tailSize += rest.length
    while (this.#tailSize > this.#tailLimit) {
      const first = this.#tail[0]
      if (!first) break
      const excess = this.#tailSize - this.#tailLimit
      if (first.length <= excess) {
        this.#tail.shift()
        this.#tailSize -= first.length
      } else {
        this.#tail[0] = first.subarray(excess)
        this.#tailSize -= excess
      }
    }
  }

  /**
   * The bytes from `offset` on, as text, with a note in place of what was dropped. `end` is the offset to go on from:
   * unless `final`, a character whose bytes have not all come yet is left for the next time.
   */
  read(offset: number, final: boolean): { text: string; end: number; dropped: number } {
    const from = Math.min(Math.max(0, offset), this.#total)
    const tailStart = this.#total - this.#tailSize
    let head = Buffer.concat(this.#head).subarray(Math.min(from, this.#headSize))
    let tail = Buffer.concat(this.#tail).subarray(Math.max(0, from - tailStart))
    const lost = Math.max(0, tailStart - Math.max(from, this.#headSize))
    if (lost === 0) {
      const whole = Buffer.concat([head, tail])
      const cut = final ? 0 : incomplete(whole)
      return { text: whole.subarray(0, whole.length - cut).toString('utf8'), end: this.#total - cut, dropped: 0 }
    }
    head = head.subarray(0, head.length - incomplete(head))
    tail = tail.subarray(strayBytes(tail))
    const cut = final ? 0 : incomplete(tail)
    const text = `${head.toString('utf8')}\n[... ${lost} bytes dropped ...]\n${tail.subarray(0, tail.length - cut).toString('utf8')}`
    return { text, end: this.#total - cut, dropped: lost }
  }

  /** Everything still held, as text. */
  all(): string {
    return this.read(0, true).text
  }

  clear(): void {
    this.#head = []
    this.#tail = []
    this.#headSize = 0
    this.#tailSize = 0
  }
}

/** Small chunks are joined, so that a byte a write does not cost an object a byte; chunks are copied, as they may be slices of a big pool. */
function append(list: Buffer[], chunk: Buffer): void {
  const last = list.at(-1)
  if (last && last.length + chunk.length <= 8192) list[list.length - 1] = Buffer.concat([last, chunk])
  else list.push(Buffer.from(chunk))
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
