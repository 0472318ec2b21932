import type { CallRow, Scope } from '../../shared/call.ts'
import { calls, type CallName } from '../../shared/contract.ts'
import { asBerthError, BerthError, fail } from '../../shared/errors.ts'
import type { Log } from '../log.ts'
import { type BoundsDeps, withinBounds, withUser } from './bounds.ts'
import type { CallContext } from './context.ts'
import type { Handlers } from './handlers.ts'
import { parseInput } from './parse-input.ts'

/** Runs a call for whoever asked: the one door to the engine, whatever the transport. Throws BerthErrors only. */
export type Dispatch = (context: CallContext<unknown>, name: string, rawInput: unknown) => Promise<unknown>

const rank: Record<Scope, number> = { open: 0, agent: 1, operator: 2 }

/** Whether the contract has a call of that name. */
export function isCall(name: string): name is CallName {
  return Object.hasOwn(calls, name)
}

export function createDispatch(deps: { handlers: Handlers; log: Log } & BoundsDeps): Dispatch {
  const table = deps.handlers as unknown as Record<string, (args: unknown, context: CallContext<unknown>) => Promise<unknown>>
  return async (context, name, rawInput) => {
    refuseRevoked(context)
    const row = rowFor(name)
    demandScope(context, name, row.scope)
    const { bounds } = context
    const args = parseInput(name, row, withUser(row, rawInput, bounds))
    const handler = table[name]
    if (!handler) throw fail('INTERNAL', `The call ${name} has no handler`, { next: 'This is a defect of Berth; please report it.' })
    const run = () => handler(args, context)
    try {
      const bounded = bounds !== null && row.scope !== 'open'
      const result = bounded ? await withinBounds(deps, { name, row, args, context: { client: context.client, bounds } }, run) : await run()
      refuseRevoked(context)
      return result
    } catch (thrown) {
      // Expected failures are the caller's to read; what nobody foresaw is told once to whoever runs the engine.
      if (!(thrown instanceof BerthError)) deps.log('error', `The call ${name} of ${context.who} failed unexpectedly`, thrown)
      throw asBerthError(thrown)
    }
  }
}

/** Whose token was revoked gets nothing more, not even the end of what it began; other ends of a call are its handler's to tell. */
function refuseRevoked({ signal }: { readonly signal: AbortSignal }): void {
  if (signal.reason instanceof BerthError && signal.reason.code === 'UNAUTHORIZED') throw signal.reason
}

function rowFor(name: string): CallRow {
  if (!isCall(name)) {
    // Repeated only where it looks like a name: what a client takes for one may be a secret of its own.
    throw fail('NO_SUCH_CALL', /^[a-z_]{1,40}$/.test(name) ? `There is no call ${JSON.stringify(name)}` : 'There is no such call', {
      next: `Calls are: ${Object.keys(calls).join(', ')}.`,
    })
  }
  return calls[name]
}

/** UNAUTHORIZED or FORBIDDEN unless the caller may do what needs that scope. */
export function demandScope(context: { readonly scope: Scope }, name: string, needed: Scope): void {
  if (rank[context.scope] >= rank[needed]) return
  if (context.scope === 'open') {
    throw fail('UNAUTHORIZED', `The call ${name} needs a token`, { next: "Send the home's token as `Authorization: Bearer ...`." })
  }
  throw fail('FORBIDDEN', `The call ${name} needs an ${needed}'s token; this one is an ${context.scope}'s`, {
    next: "Use the home's own token, or ask whoever runs Berth.",
  })
}
