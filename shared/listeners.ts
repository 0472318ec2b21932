/** Those who want to be told of one thing. */
export interface Listeners<Args extends readonly unknown[]> {
  /**
   * Tells all of them, in the order in which they came. One may end itself, or another, meanwhile: what was ended is not told any
   * more. What one throws, whoever tells gets, and the rest hear nothing: only those who cannot fail listen here.
   */
  readonly tell: (...args: Args) => void
  /** Gives what ends it, which may be called again. Whoever listens twice is told twice. */
  readonly on: (listener: (...args: Args) => void) => () => void
  readonly clear: () => void
  readonly size: () => number
}

export function listeners<Args extends readonly unknown[] = []>(): Listeners<Args> {
  const all = new Set<{ readonly tell: (...args: Args) => void }>()
  return {
    tell(...args) {
      for (const one of all) one.tell(...args)
    },
    on(listener) {
      const one = { tell: listener }
      all.add(one)
      return () => void all.delete(one)
    },
    clear: () => all.clear(),
    size: () => all.size,
  }
}
