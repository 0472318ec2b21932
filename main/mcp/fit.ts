/** Bytes of one tool result as JSON. The Python SDK refuses an event above 1,048,576; the rest is for what is around it. */
export const resultLimit = 1_000_000

/** Bytes of what a tool found. Half of the result, as it stands there twice: once as text, once structured. */
export const contentLimit = 480_000

/** Bytes that a text takes in JSON, quotes left out; counting stops above `limit`. */
export function jsonBytes(text: string, limit = Infinity): number {
  let bytes = 0
  for (let at = 0; at < text.length && bytes <= limit; at++) bytes += costAt(text, at)
  return bytes
}

export interface Cut {
  readonly text: string
  /** Characters left out of the middle; 0: it is whole. */
  readonly left: number
}

/** Both ends of a text, so that it takes at most `limit` bytes in JSON, with a note between them. */
export function cutMiddle(text: string, limit: number): Cut {
  if (jsonBytes(text, limit) <= limit) return { text, left: 0 }
  const half = Math.max(0, (limit - 100) / 2)
  let head = 0
  for (let bytes = 0; head < text.length; head++) {
    bytes += costAt(text, head)
    if (bytes > half) break
  }
  let tail = text.length
  for (let bytes = 0; tail > head; tail--) {
    bytes += costAt(text, tail - 1)
    if (bytes > half) break
  }
  // Neither end stops within a surrogate pair.
  if (isLow(text, head)) head--
  if (isLow(text, tail)) tail++
  const left = tail - head
  return { text: `${text.slice(0, head)}\n[... ${left} characters left out ...]\n${text.slice(tail)}`, left }
}

/** Two texts that share a limit: what one does not need the other may have. */
export function cutBoth(first: string, second: string, limit: number): [Cut, Cut] {
  const half = limit / 2
  const one = jsonBytes(first, limit)
  const two = jsonBytes(second, limit)
  return [cutMiddle(first, Math.max(half, limit - two)), cutMiddle(second, Math.max(half, limit - one))]
}

/** As many items from the beginning as take at most `limit` bytes as JSON. */
export function firstThatFit<T>(items: readonly T[], limit: number): T[] {
  let bytes = 2
  const end = items.findIndex((item) => {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1
    return bytes > limit
  })
  return end < 0 ? [...items] : items.slice(0, end)
}

/** As `JSON.stringify` and UTF-8 write it. Each half of a surrogate pair counts as half of its four bytes. */
function costAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code < 0x20) return code === 8 || code === 9 || code === 10 || code === 12 || code === 13 ? 2 : 6
  if (code === 0x22 || code === 0x5c) return 2
  if (code < 0x80) return 1
  if (code < 0x800) return 2
  if (code < 0xd800 || code > 0xdfff) return 3
  return isLow(text, at) || isLow(text, at + 1) ? 2 : 6
}

/** Whether the second half of a surrogate pair stands there. */
function isLow(text: string, at: number): boolean {
  const low = text.charCodeAt(at)
  const high = text.charCodeAt(at - 1)
  return low >= 0xdc00 && low <= 0xdfff && high >= 0xd800 && high <= 0xdbff
}
