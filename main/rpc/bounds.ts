import { z } from 'zod'
import type { CallRow } from '../../shared/call.ts'
import type { CallResult } from '../../shared/contract.ts'
import { fail } from '../../shared/errors.ts'
import type { Key } from '../../shared/identity.ts'
import type { Next } from '../../shared/next.ts'
import type { Sandbox } from '../../shared/sandbox.ts'
import { noSuchSandbox } from '../provider/no-such-sandbox.ts'
import type { Owner } from '../provider/provider-api.ts'
import type { Bounds, CallContext } from './context.ts'

type Bounded = Pick<CallContext, 'client'> & { readonly bounds: Bounds }
interface Named { readonly id?: string; readonly thread?: string | null; readonly user?: string }

/** What bounds are judged by. */
export interface BoundsDeps {
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
