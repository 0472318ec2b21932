/** Numbers that follow from a seed alone (mulberry32), so that whatever they decided can be decided again. */
export interface Seeded {
  /** In [0, 1). */
  next(): number
  /** Whole, from `low` to `high`, both included. */
  int(low: number, high: number): number
  between(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
  /** Lower-case hex digits. */
  hex(digits: number): string
  /** A stream of its own: what it draws shifts nothing here, and the other way round. */
  fork(name: string): Seeded
}

export function seeded(seed: number): Seeded {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const self: Seeded = {
    next,
    int: (low, high) => low + Math.floor(next() * (high - low + 1)),
    between: (low, high) => low + next() * (high - low),
    chance: (probability) => next() < probability,
    pick: (from) => {
      const item = from[Math.floor(next() * from.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    hex: (digits) => {
      let text = ''
      while (text.length < digits) text += Math.floor(next() * 16).toString(16)
      return text
    },
    fork: (name) => seeded(spread(seed, name)),
  }
  return self
}

/** FNV-1a over the seed and a name: neighbours get unrelated streams. */
function spread(seed: number, name: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (const char of `${seed}/${name}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0
  return hash
}
