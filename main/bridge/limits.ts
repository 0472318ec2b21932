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
  /** MCP clients that have shaken hands, at once. */
  readonly mcpSessions: number
  /** An MCP session without any request for so long has ended. */
  readonly mcpIdle: number
  /** An MCP client whose connections are all gone for so long holds nothing any more; its session goes on. */
  readonly mcpGone: number
  /** For answers under way when the bridge closes. */
  readonly closing: number
}

export const defaultLimits: Limits = {
  head: 10_000,
  bodyIdle: 30_000,
  request: 600_000,
  // A command of 16 MiB in JSON, in which a quote or the end of a line takes two bytes.
  bodyBytes: 37_748_736,
  heartbeat: 15_000,
  mcpSessions: 200,
  mcpIdle: 3_600_000,
  mcpGone: 60_000,
  closing: 3000,
}
