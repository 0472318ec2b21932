/** Px of a line that is not wrapped. */
export const lineHeight = 20
/** Lines drawn above and below, for the scroll that comes before the next picture. */
const spare = 12

/** Which of so many lines are in sight. Following, it is the end, wherever the scroll stood before these lines came. */
export function linesInSight(size: number, sight: { readonly top: number; readonly height: number }, follow: boolean): { first: number; last: number } {
  const fit = Math.ceil(sight.height / lineHeight) + 1
  const at = follow ? size - fit : Math.min(Math.floor(sight.top / lineHeight), size - fit)
  return { first: Math.max(0, at - spare), last: Math.min(size, Math.max(0, at) + fit + spare) }
}

/** One place where the searched text stands: number of the item, and the character. */
export interface Hit {
  readonly item: number
  readonly at: number
}

/** More than these are not counted. */
export const mostHits = 10_000

/** Every place of a text in a line, upper and lower case alike. */
export function placesIn(line: string, wanted: string): number[] {
  if (wanted === '') return []
  const low = line.toLowerCase()
  const needle = wanted.toLowerCase()
  const places: number[] = []
  for (let at = low.indexOf(needle); at >= 0; at = low.indexOf(needle, at + needle.length)) places.push(at)
  return places
}

export interface Finder {
  /** Hits among the items from `gone` on, oldest first. Looks only at what it has not seen. */
  update(wanted: string, gone: number, size: number, text: (item: number) => string): readonly Hit[]
}

/** Searches a log that grows at its end and loses its beginning. */
export function finder(): Finder {
  let wanted = ''
  let hits: Hit[] = []
  let upTo = 0
  return {
    update(next, gone, size, text) {
      if (next !== wanted) {
        wanted = next
        hits = []
        upTo = gone
      }
      const first = hits.findIndex((hit) => hit.item >= gone)
      if (first > 0) hits = hits.slice(first)
      else if (first < 0 && hits.length > 0) hits = []
      upTo = Math.max(upTo, gone)
      let added: Hit[] | null = null
      for (; wanted !== '' && upTo < gone + size && hits.length + (added?.length ?? 0) < mostHits; upTo += 1) {
        for (const at of placesIn(text(upTo), wanted)) (added ??= []).push({ item: upTo, at })
      }
      if (wanted === '') upTo = gone + size
      if (added) hits = [...hits, ...added]
      return hits
    },
  }
}

/** The hit to go to: the next after (or before) the one at hand, around the ends. -1: there is none. */
export function step(count: number, at: number, by: 1 | -1): number {
  if (count === 0) return -1
  if (at < 0) return by === 1 ? 0 : count - 1
  return (at + by + count) % count
}
