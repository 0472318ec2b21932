/** An engine that is restarted is back before this; then the shell offers to start one here. */
export const offerAfterMs = 5000

/** Pause before the next look for an engine: soon at first, and never more than 2 s, as a look costs one small file. */
export function pauseAfter(tries: number): number {
  return Math.min(100 * 1.6 ** Math.min(tries, 20), 2000)
}
