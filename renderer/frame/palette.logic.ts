import type { IconName, StatusName } from '../parts/indicators.tsx'

/** One thing that can be found. */
export interface Entry {
  readonly id: string
  readonly title: string
  readonly detail?: string | undefined
  readonly keys?: string | undefined
  readonly icon?: IconName | undefined
  readonly status?: StatusName | undefined
  readonly run: () => void
}

export interface EntryGroup {
  readonly title: string
  readonly detail?: string | undefined
  readonly entries: readonly Entry[]
}

/** A part of a text; `hit`: it is what was typed. */
export interface Piece {
  readonly text: string
  readonly hit: boolean
}

export interface Hit {
  readonly entry: Entry
  readonly score: number
  readonly title: readonly Piece[]
  readonly detail: readonly Piece[]
}
export interface HitGroup {
  readonly title: string
  readonly detail: string | undefined
  readonly hits: readonly Hit[]
}

/**
 * Where all words of what was typed occur, title before detail, the beginning of a word before its middle; else nothing. The
 * group of the best hit comes first: Enter runs what was named, not what only has it in its name.
 */
export function search(groups: readonly EntryGroup[], typed: string, limit: number): HitGroup[] {
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const found = groups.flatMap(({ title, detail, entries }): HitGroup[] => {
    const hits = entries.flatMap((entry): Hit[] => {
      const score = words.reduce((sum, word) => sum + scoreOf(entry, word), 0)
      return words.some((word) => scoreOf(entry, word) === 0)
        ? []
        : [{ entry, score, title: pieces(entry.title, words), detail: pieces(entry.detail ?? '', words) }]
    })
    // Sort is stable: equals stay in the order they were given.
    const best = words.length === 0 ? hits : hits.sort((a, b) => b.score - a.score)
    return best.length === 0 ? [] : [{ title, detail, hits: best.slice(0, limit) }]
  })
  const top = ({ hits }: HitGroup) => hits[0]?.score ?? 0
  return words.length === 0 ? found : found.sort((a, b) => top(b) - top(a))
}

function scoreOf({ title, detail = '' }: Entry, word: string): number {
  return place(title, word, 6) || place(detail, word, 2)
}

function place(text: string, word: string, weight: number): number {
  const at = text.toLowerCase().indexOf(word)
  if (at < 0) return 0
  return at === 0 ? weight * 2 : /[\s\-_:/.]/.test(text[at - 1] ?? '') ? weight * 1.5 : weight
}

/** A text cut where words of what was typed occur. */
export function pieces(text: string, words: readonly string[]): Piece[] {
  const lower = text.toLowerCase()
  const hit = Array.from({ length: text.length }, () => false)
  for (const word of words) {
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + word.length)) hit.fill(true, at, at + word.length)
  }
  const found: Piece[] = []
  for (let from = 0, at = 1; at <= text.length; at += 1) {
    if (at < text.length && hit[at] === hit[from]) continue
    found.push({ text: text.slice(from, at), hit: hit[from] === true })
    from = at
  }
  return found
}
