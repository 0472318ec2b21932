/** What the sandbox port puts up with, milliseconds. How long a whole request takes is not limited: commands run for hours. */
export interface SandboxPortLimits {
  /** A whole request head must be there by then. */
  readonly head: number
  /** Longest silence within a request body that the sandbox is ready to read. */
  readonly bodyIdle: number
  /** For answers under way when the port closes. */
  readonly closing: number
}

export const defaultLimits: SandboxPortLimits = { head: 10_000, bodyIdle: 120_000, closing: 1000 }
