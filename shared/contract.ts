import type { z } from 'zod'
import { desktopCalls } from './calls/desktop-calls.ts'
import { houseCalls } from './calls/house-calls.ts'
import { sandboxCalls } from './calls/sandbox-calls.ts'
import { tokenCalls } from './calls/token-calls.ts'
import { workCalls } from './calls/work-calls.ts'

/** Rises when a client of the last version would break. */
export const contractVersion = 1

/** Every call there is. The key is its name on every transport: `/berth/v1/acquire`, `berth acquire`. */
export const calls = { ...sandboxCalls, ...workCalls, ...houseCalls, ...tokenCalls, ...desktopCalls }

export type CallName = keyof typeof calls
/** What a caller may send: defaults not yet filled in. */
export type CallInput<K extends CallName> = z.input<(typeof calls)[K]['input']>
/** What a handler gets: validated, defaults filled in. */
export type CallArgs<K extends CallName> = z.output<(typeof calls)[K]['input']>
export type CallResult<K extends CallName> = z.output<(typeof calls)[K]['result']>
export type CallChunk<K extends CallName> = (typeof calls)[K] extends { chunk?: infer C } ? (C extends z.ZodType ? z.output<C> : never) : never
