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
