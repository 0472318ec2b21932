import { z } from 'zod'
import { row } from '../call.ts'
import { userId } from '../identity.ts'

/** Also a client's name: it stands in events as `client:<name>`, and is the default holder of what it acquires. */
const tokenName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'A token name must be 1 to 64 of A-Z a-z 0-9 _ -')
  .describe('Who uses it: its name as a client and as a holder.')

const threadPrefix = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'A thread prefix must be 1 to 64 of A-Z a-z 0-9 _ -')
  .describe('Only threads that begin so. A prefix is a prefix: `a` allows `ab` too; end it with a `-` to keep them apart.')

export const namedToken = z.object({
  name: tokenName,
  scope: z.enum(['agent', 'operator']),
  thread_prefix: threadPrefix.nullable(),
  user: userId.nullable().describe("Only this user's threads."),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime().nullable().describe('null: never.'),
})
export type NamedToken = z.infer<typeof namedToken>

/** Who may speak to Berth beside the holder of the home's own token. */
export const tokenCalls = {
  tokens: row({
    summary: "The named tokens: what each may do, and when it was last used. The home's own token is not among them.",
    scope: 'operator',
    kind: 'read',
    repeats: true,
    input: z.strictObject({}),
    result: z.object({ tokens: z.array(namedToken) }),
    errors: [],
  }),
  token_add: row({
    summary: 'Make a token. It is in this answer and never shown again: Berth keeps its hash.',
    scope: 'operator',
    kind: 'write',
    repeats: false,
    input: z.strictObject({
      name: tokenName,
      scope: z.enum(['agent', 'operator']).default('agent').describe('`agent` works with sandboxes, `operator` may do everything.'),
      thread_prefix: threadPrefix.optional(),
      user: userId.optional().describe("Only this user's threads; its calls that name no user mean this one."),
    }),
    result: namedToken.extend({ token: z.string().describe('`e2b_` and 40 hex digits. Shown this once.') }),
    errors: ['NAME_TAKEN', 'DISK_FULL', 'HOME_UNUSABLE'],
  }),
  token_revoke: row({
    summary: 'End a token: it is refused from now on, and what runs for it ends. Its holds run out by themselves.',
    scope: 'operator',
    kind: 'destroy',
    repeats: false,
    input: z.strictObject({ name: tokenName }),
    result: z.object({ revoked: z.boolean().describe('False: there was no such token.') }),
    errors: ['DISK_FULL', 'HOME_UNUSABLE'],
  }),
}
