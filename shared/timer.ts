/** Longest delay that a Node timer or a browser's can have: a longer one is due at once. */
const longest = 2_147_483_647

/** A delay in milliseconds as a timer can have it. Whoever gives seconds or computes them uses this, as callers write 99999999 for "never". */
export function timerMs(ms: number): number {
  return Math.min(Math.max(0, ms), longest)
}
