/** What a page does when its socket was closed. The codes are main/wire/close-codes.ts's. */
export type AfterClose =
  | { readonly state: 'locked'; readonly problem: string }
  | { readonly state: 'mismatch'; readonly engine: string }
  | { readonly state: 'lost'; readonly reason: string }

export function afterClose(code: number, reason: string): AfterClose {
  if (code === 4001) return { state: 'locked', problem: 'This browser was logged out.' }
  // The reason is the engine's version.
  if (code === 4009) return { state: 'mismatch', engine: reason || 'another' }
  if (code === 1001) return { state: 'lost', reason: 'it has shut down' }
  return { state: 'lost', reason: reason || 'it does not answer' }
}

/** Ms before the next try: from a quarter of a second up to 10 s, spread, so that many tabs do not come at once. `chance`: 0 to 1. */
export function retryDelay(attempt: number, chance: number): number {
  const base = Math.min(10_000, 250 * 2 ** Math.min(attempt - 1, 10))
  return Math.round(base * (0.75 + chance / 2))
}
