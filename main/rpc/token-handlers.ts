import type { Tokens } from '../tokens/tokens.ts'
import type { Handlers } from './handlers.ts'

/** Making and ending the tokens of others. */
export function tokenHandlers(deps: { tokens: Tokens }): Pick<Handlers, 'tokens' | 'token_add' | 'token_revoke'> {
  const { tokens } = deps
  return {
    tokens: async () => ({ tokens: tokens.list() }),
    token_add: async ({ name, scope, thread_prefix, user }, context) =>
      await tokens.add({ name, scope, thread_prefix: thread_prefix ?? null, user: user ?? null }, context.who),
    token_revoke: async ({ name }, context) => ({ revoked: await tokens.revoke(name, context.who) }),
  }
}
