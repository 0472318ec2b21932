/** What the bridge puts up with. Milliseconds and bytes. */
export interface Limits {
  /** A whole request head must be there by then. */
  readonly head: number
  /** Longest silence within a body. */
  readonly bodyIdle: number
  /** A whole request, body included. */
  readonly request: number
  readonly bodyBytes: number
  /** Between two signs of life on a silent event stream. */
  readonly heartbeat: number
  /** For answers under way when the bridge closes. */
  readonly closing: number
}

export const defaultLimits: Limits = {
  head: 10_000,
  bodyIdle: 30_000,
  request: 600_000,
  bodyBytes: 25_165_824,
  heartbeat: 15_000,
  closing: 3000,
}
