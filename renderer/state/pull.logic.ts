import type { ImageState } from '../../shared/image.ts'

/** A moment of a pull or build, as it was seen. */
export interface Mark {
  readonly at: number
  readonly done: number
}

/** The rate is taken over this long, in milliseconds: shorter jumps about, longer tells of a time that is over. */
const windowMs = 8000

/** The marks with one more; a step that began anew (less done than before) forgets the old ones. */
export function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  const last = marks.at(-1)
  if (last && mark.done < last.done) return [mark]
  return [...marks.filter((it) => mark.at - it.at <= windowMs), mark]
}

/** Bytes a second; null: not known yet. */
export function rateOf(marks: readonly Mark[]): number | null {
  const [first] = marks
  const last = marks.at(-1)
  if (!first || !last || last.at - first.at < 1000 || last.done <= first.done) return null
  return ((last.done - first.done) / (last.at - first.at)) * 1000
}

/** Milliseconds that are left at this rate; null: not known. */
export function leftMs(state: Pick<ImageState, 'progress'>, rate: number | null): number | null {
  const { done = null, total = null } = state.progress ?? {}
  if (rate === null || done === null || total === null || total <= done) return null
  return ((total - done) / rate) * 1000
}

/** Share done from 0 to 1; null: not known. */
export function shareOf(part: { readonly done: number | null; readonly total: number | null } | null): number | null {
  if (!part || part.done === null || part.total === null || part.total === 0) return null
  return Math.min(1, part.done / part.total)
}

export type LayerKind = 'done' | 'work' | 'wait'

/** How a layer stands, from the engine's own words for it. */
export function layerKind(step: string): LayerKind {
  if (/complete|exists|^done|^ready/i.test(step)) return 'done'
  return /wait|queued/i.test(step) ? 'wait' : 'work'
}

/** Repository and tag of an image's name; a digest is no tag. */
export function splitName(name: string): { repository: string; tag: string | null } {
  const at = name.indexOf('@')
  const plain = at < 0 ? name : name.slice(0, at)
  const colon = plain.lastIndexOf(':')
  if (colon < 0 || plain.includes('/', colon)) return { repository: plain, tag: null }
  return { repository: plain.slice(0, colon), tag: plain.slice(colon + 1) }
}
