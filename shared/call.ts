import type { z } from 'zod'
import type { ErrorCode } from './errors.ts'

/** Least right a caller needs: `open` needs no token, `agent` works with sandboxes, `operator` runs the house. */
export type Scope = 'open' | 'agent' | 'operator'

/**
 * One call, whole: IPC, WebSocket, HTTP (`/berth/v1/{name}`), MCP, CLI help, OpenAPI and client types derive from it.
 * A row without a scope does not type-check.
 */
export interface CallRow<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType, C extends z.ZodType = z.ZodType> {
  readonly summary: string
  readonly scope: Scope
  /** `read` changes nothing and may be a GET; `write` is a POST; `destroy` ends or deletes something. */
  readonly kind: 'read' | 'write' | 'destroy'
  /** Done twice it is as done once: where an engine ended in the middle, it may be sent again to the next. What reads always may. */
  readonly repeats: boolean
  readonly input: I
  readonly result: O
  /** What it may fail with, beside what every call may fail with. */
  readonly errors: readonly ErrorCode[]
  /** Chunks emitted before the result, where the caller asked for a stream. */
  readonly chunk?: C
}

/** Types a row without widening it. */
export function row<I extends z.ZodType, O extends z.ZodType, C extends z.ZodType = z.ZodNever>(it: CallRow<I, O, C>): CallRow<I, O, C> {
  return it
}

/** What any call may answer with. */
export const commonErrors = ['BAD_INPUT', 'UNAUTHORIZED', 'FORBIDDEN', 'SHUTTING_DOWN', 'CANCELLED', 'INTERNAL'] as const satisfies readonly ErrorCode[]
