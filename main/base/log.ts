/** What the engine tells whoever runs it; `cause` may be anything that was thrown. Never gets a secret. */
export type Log = (level: 'info' | 'warn' | 'error', text: string, cause?: unknown) => void

/** The last lines of the engine's own log, kept for whoever reports a problem. */
export interface LogTail {
  readonly log: Log
  lines(): readonly string[]
}

const kept = 500

export function logTail(inner: Log, wall: () => number): LogTail {
  let lines: string[] = []
  return {
    log(level, text, cause) {
      inner(level, text, cause)
      const why = cause === undefined ? '' : `: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`
      lines.push(`${new Date(wall()).toISOString()} ${level} ${text}${why}`)
      if (lines.length > kept * 2) lines = lines.slice(-kept)
    },
    lines: () => lines.slice(-kept),
  }
}
