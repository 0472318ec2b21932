/** Keeps the beginning and the end of a text that comes in pieces, `limit` characters in all. */
export interface Keeper {
  add(text: string): void
  /** The whole, or both ends with a note between them. */
  text(): string
  readonly truncated: boolean
}

export function keeper(limit: number): Keeper {
  const headLimit = Math.ceil(limit / 2)
  const tailLimit = limit - headLimit
  let head = ''
  let tail = ''
  let dropped = 0
  return {
    add(text) {
      const fits = text.slice(0, headLimit - head.length)
      head += fits
      tail += text.slice(fits.length)
      // Cut in large steps: cutting at every piece would copy the tail again and again.
      if (tail.length > 2 * tailLimit + 4096) cut()
    },
    text() {
      cut()
      return dropped === 0 ? head + tail : `${head}\n[... ${dropped} characters left out ...]\n${tail}`
    },
    get truncated() {
      return dropped > 0 || tail.length > tailLimit
    },
  }

  function cut(): void {
    const excess = tail.length - tailLimit
    if (excess <= 0) return
    dropped += excess
    tail = tail.slice(excess)
  }
}
