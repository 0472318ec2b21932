import type { Endpoint } from '../../shared/wire/endpoint.ts'

/** How the page stands with its engine. */
export type Connection =
  | { readonly state: 'connecting' }
  /** A login link is needed; `problem` says why the last one was not taken. */
  | { readonly state: 'locked'; readonly problem: string | null }
  | {
      readonly state: 'open'
      readonly endpoint: Endpoint
      readonly instance: string
      /** Of a browser: its own session's id. */ readonly session: string | null
    }
  /** The last state stays on screen, marked stale; it is tried again by itself. `since`: ms of `performance.now()`; `offer`: `startHere` may be used now. */
  | { readonly state: 'lost'; readonly reason: string; readonly since: number; readonly offer?: boolean }
  /** Page and engine are of two versions. */
  | { readonly state: 'mismatch'; readonly page: string; readonly engine: string }

/** Finds the engine, keeps the connection, and finds it again. One a page. */
export interface Connector {
  current(): Connection
  onChange(listener: (now: Connection) => void): () => void
  /** Tries now instead of at the next turn. */
  retry(): void
  /** In the shell: runs an engine there, after the one it was attached to has gone. Absent in a browser. */
  startHere?(): Promise<void>
  close(): void
}
