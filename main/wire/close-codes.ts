/** Codes with which the engine closes a WebSocket; a page tells by them what to do next. */
export const closeCodes = {
  /** The key or token is not taken, or no longer. */
  unauthorized: 4001,
  /** Page and engine are of two versions. */
  mismatch: 4009,
  /** The engine is going. */
  going: 1001,
  /** Something that is no frame. */
  badFrame: 4000,
} as const
