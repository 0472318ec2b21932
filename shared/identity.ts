import { z } from 'zod'

/** A thread or user id: it becomes a directory and part of a label, so the whole string must fit. */
const name = (what: string) => z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, `${what} must be 1 to 64 of A-Z a-z 0-9 _ -`)

export const threadId = name('A thread id').describe('The key an agent works under.')
export const userId = name('A user id').describe('Whose thread it is.')

/** First 16 hex digits of sha256("user:thread") (deer-flow's newest form), or 16 random ones. */
export const sandboxId = z.string().regex(/^[a-f0-9]{16}$/, 'A sandbox id is 16 hex digits')

/** Who acquired: free text of the client's choice, one hold each. */
export const holderId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/, 'A holder is printable ASCII without spaces')

/** What people are shown: one line, and nothing in it that hides or turns what is beside it. */
export const shownName = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'A name has no control characters')

/** The pair that names a sandbox. `thread: null` is an anonymous sandbox, which never outlives its last hold. */
export type Key = { readonly user: string; readonly thread: string }
