import { z } from 'zod'
import type { CallRow, Scope } from '../../../shared/call.ts'
import { type CallName, type CallResult, calls } from '../../../shared/contract.ts'
import { asBerthError, BerthError, fail } from '../../../shared/errors.ts'
import type { Log } from '../../base/log.ts'
import type { CallContext, Handlers } from './handlers.ts'
import type { Key } from '../../../shared/identity.ts'
import type { Next } from '../../../shared/next.ts'
import type { Sandbox } from '../../../shared/sandbox.ts'
import { noSuchSandbox } from '../../core/use.ts'
import type { Owner } from '../../core/provider-api.ts'
import type { Bounds } from '../../house/tokens/caller.ts'

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

interface Problem {
  readonly path: string
  readonly problem: string
}

/** Validates a call's raw input and fills in its defaults; BAD_INPUT says what is wrong with which field. */
export function parseInput(name: string, row: Pick<CallRow, 'input'>, raw: unknown): unknown {
  const parsed = row.input.safeParse(raw ?? {})
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.flatMap(problemsOf)
  throw fail('BAD_INPUT', `${name}: ${problems.map(sentence).join('; ')}`, {
    next: `Correct ${problems.length === 1 ? 'it' : 'them'} and call again; /openapi.json describes every call.`,
    details: { problems },
  })
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: path === '' ? key : `${path}.${key}`, problem: 'there is no such field' }))
  }
  if (issue.code === 'invalid_union') {
    const words = new Set(issue.errors.flat().map((inner) => plain(inner.message)))
    return [{ path, problem: [...words].join(' or ') || plain(issue.message) }]
  }
  return [{ path, problem: plain(issue.message) }]
}

/** zod's `Invalid input: expected string, received undefined`, as a person would say it. */
function plain(message: string): string {
  return message.replace(/^Invalid (?:input|option): /, '').replace(/^expected (.+), received undefined$/, 'is missing (expected $1)')
}

function sentence(it: Problem): string {
  return it.path === '' ? it.problem : `\`${it.path}\`: ${it.problem}`
}

type Bounded = Pick<CallContext, 'client'> & { readonly bounds: Bounds }
interface Named {
  readonly id?: string
  readonly thread?: string | null
  readonly user?: string
}

/** What bounds are judged by. */
interface BoundsDeps {
  /** Whose a sandbox is; null where there is none. */
  readonly ownerOf: (id: string) => Owner | null
  /** Whose a sandbox was that is gone; null: not known. */
  readonly departed: (id: string) => Key | null
  /** The house's sandboxes, whoever asks. */
  readonly sandboxes: () => readonly Sandbox[]
}

/**
 * Runs a call within its caller's bounds. A sandbox that is named by id is looked up first, and one of another client
 * gets the answer of one that does not exist, by the same way: there is nothing to tell them apart. A thread out of
 * bounds is refused by its name alone, whether it exists or not. A call that is about no thread runs only if it is known
 * here what of its answer is the caller's to see.
 */
export async function withinBounds(
  deps: BoundsDeps,
  call: { name: string; row: CallRow; args: unknown; context: Bounded },
  run: () => Promise<unknown>,
): Promise<unknown> {
  const { name, row, context } = call
  const fields = fieldsOf(row)
  const { id, thread, user } = call.args as Named
  const its = (owner: Owner) => within(context, owner)
  const byId = fields.has('id') && id !== undefined
  const byThread = fields.has('thread') && typeof thread === 'string'
  if (byId) {
    const owner = deps.ownerOf(id)
    const was = owner === null ? deps.departed(id) : null
    if (owner === null || !its(owner)) return absent(name, id, was && its({ ...was, client: null }) ? was : null)
  }
  // Only an acquire may name none: what it makes is then its caller's own.
  if (byThread || name === 'acquire') {
    if (!its({ user: user ?? '', thread: thread ?? null, client: context.client })) throw outOfBounds(context.bounds)
  }
  if (byId || byThread || name === 'acquire') return await run()
  const mine = () => deps.sandboxes().filter((it) => its(deps.ownerOf(it.id) ?? { ...it, client: null }))
  if (name === 'list') return listOf((await run()) as CallResult<'list'>, mine())
  if (name === 'status') return statusOf((await run()) as CallResult<'status'>, mine())
  throw fail('FORBIDDEN', `The call ${name} is not for an agent's token`, { next: "Use an operator's token." })
}

/** A call that names no user, from a token that is one user's, means that one. */
export function withUser(row: CallRow, raw: unknown, bounds: Bounds | null): unknown {
  if (bounds === null || bounds.user === null || !fieldsOf(row).has('user')) return raw
  if (raw === null || raw === undefined) return { user: bounds.user }
  const given = typeof raw === 'object' && !Array.isArray(raw) && (raw as Named).user === undefined
  return given ? { ...raw, user: bounds.user } : raw
}

function within({ bounds, client }: Bounded, owner: Owner): boolean {
  if (bounds.user !== null && owner.user !== bounds.user) return false
  return owner.thread === null ? owner.client === client : owner.thread.startsWith(bounds.threadPrefix)
}

function fieldsOf(row: CallRow): ReadonlySet<string> {
  return new Set(row.input instanceof z.ZodObject ? Object.keys(row.input.shape) : [])
}

/** What a call says of a sandbox that is not there. */
function absent(name: string, id: string, was: Key | null): unknown {
  if (name === 'release') return { released: false, sandbox: null } satisfies CallResult<'release'>
  if (name === 'destroy') return { destroyed: false } satisfies CallResult<'destroy'>
  throw noSuchSandbox({ id }, was)
}

function outOfBounds({ threadPrefix, user }: Bounds): Error {
  const which = [
    threadPrefix === '' ? '' : `threads that begin with ${JSON.stringify(threadPrefix)}`,
    user === null ? '' : `threads of the user ${user}`,
  ].filter((it) => it !== '')
  return fail('FORBIDDEN', `This token is for ${which.join(' and ')} only`, {
    next: 'Use such a thread, or ask whoever runs Berth for another token.',
  })
}

/** `counted` would tell how much others do. */
function listOf(all: CallResult<'list'>, mine: readonly Sandbox[]): CallResult<'list'> {
  const ids = new Set(mine.map(({ id }) => id))
  return { ...all, sandboxes: all.sandboxes.filter(({ id }) => ids.has(id)), counted: mine.filter(({ status }) => status !== 'failed').length }
}

function statusOf(all: CallResult<'status'>, mine: readonly Sandbox[]): CallResult<'status'> {
  const counts: Record<string, number> = {}
  for (const { status } of mine) counts[status] = (counts[status] ?? 0) + 1
  // Whose turn it is stays unsaid where it is another's; that somebody goes is what the caller may know.
  const ids = new Set(mine.map(({ id }) => id))
  const { acquire, reap } = all.next
  const next: Next = {
    acquire: acquire.kind === 'evicts' ? { ...acquire, who: acquire.who.map((it) => (ids.has(it.id) ? it : { id: '', user: '', thread: null })) } : acquire,
    reap: reap !== null && ids.has(reap.id) ? reap : null,
  }
  return { ...all, counts, next }
}
