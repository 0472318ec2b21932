import { onAbort } from '../../../shared/abort.ts'
import { asBerthError, fail } from '../../../shared/errors.ts'
import type { Acquired, Progress, Sandbox } from '../../../shared/sandbox.ts'
import type { NewEvent } from '../../../shared/events.ts'
import { containerId, deerFlowIds, namedAnonymousId } from '../../house/home/generations.ts'
import type { CallResult } from '../../../shared/contract.ts'
import type { AcquireTerms, CallContext } from '../../calls/rpc/handlers.ts'
import type { Dispatch } from '../../calls/rpc/dispatch.ts'
import { conflict, type Aliases, type AliasKey, type ClientAliases } from './aliases.ts'
import type { CreateRequest } from './body.ts'

/** A sandbox in the words of deer-flow's provisioner. Of the words for a status its clients know one: `Running`. */
export interface Row {
  readonly sandbox_id: string
  readonly sandbox_url: string
  readonly status: 'Running' | 'Pending'
}

/** Milliseconds. deer-flow gives up a create after 30 s, a get and a list after 10, a delete after 15. */
export interface Times {
  /** Longest wait of a create, in a queue or for a boot. */
  readonly create: number
  readonly get: number
  readonly remove: number
  /** For how long a hold lasts that nobody came for. */
  readonly provisional: number
}
export const defaultTimes: Times = { create: 25_000, get: 8000, remove: 12_000, provisional: 60_000 }

export interface ProvisionerDeps {
  readonly dispatch: Dispatch
  readonly aliases: Aliases
  /** Resolves once it is known what runs on the engine: until then nothing may be said to be absent. */
  readonly begun: () => Promise<void>
  readonly publish: (event: NewEvent) => void
  /** The address that goes to whoever made this sandbox; null: it has none yet. */
  readonly addressOf: (it: Sandbox, context: CallContext<unknown>) => string | null
  readonly times: Times
}

/** What deer-flow's provisioner does, done by Berth's own calls. Throws BerthErrors. */
export interface Provisioner {
  create(context: CallContext<unknown>, request: CreateRequest): Promise<Row>
  /** Counts as the client's coming for it: a cached acquire of deer-flow is this one call. null: there is none. */
  get(context: CallContext<unknown>, id: string): Promise<Row | null>
  list(context: CallContext<unknown>): Promise<Row[]>
  /**
   * Ends this client's hold, and the sandbox where nobody else holds it and no command runs. `busy`: a command that runs does
   * not matter. deer-flow cannot say so, and deletes on a timer of its own; another Berth can, and has asked the sandbox.
   */
  remove(context: CallContext<unknown>, id: string, how: { busy: boolean }): Promise<void>
}

type Context = CallContext<unknown>

export function makeProvisioner(deps: ProvisionerDeps): Provisioner {
  const { dispatch, aliases, times } = deps
  const holderOf = ({ client }: Context) => `provisioner:${client}`
  const call = async <K extends 'acquire' | 'get' | 'list' | 'release' | 'destroy'>(context: Context, name: K, input: object) =>
    (await dispatch(context, name, input)) as CallResult<K>

  const acquire = (context: Context, id: string, { user, thread }: AliasKey, terms: AcquireTerms): Promise<Acquired> => {
    const named = thread === null ? { anonymousId: namedAnonymousId(context.client, id) } : {}
    return call({ ...context, terms: { ...terms, ...named } }, 'acquire', { user, thread, holder: holderOf(context) })
  }

  const selectionOf = ({ client }: Context, id: string, { user, thread }: AliasKey) =>
    thread === null ? { id: namedAnonymousId(client, id) } : { user, thread }

  const isOf = (client: string, id: string, { user, thread }: AliasKey) => {
    const own = thread === null ? namedAnonymousId(client, id) : containerId(user, thread)
    return (it: Sandbox) => it.id === own
  }

  function row(context: Context, id: string, it: Sandbox): Row {
    const url = deps.addressOf(it, context)
    if (url === null) throw fail('STARTING', `The sandbox '${id}' has no address yet`, { next: 'Ask again in a moment.' })
    const status = it.status === 'active' || it.status === 'warm' || it.status === 'paused' ? 'Running' : 'Pending'
    return { sandbox_id: id, sandbox_url: url.replace(/\/+$/, ''), status }
  }

  /** What an id of this client means: what it brought, or, where that was lost, the name deer-flow itself gives a thread that it holds. */
  async function meaning(context: Context, mine: ClientAliases, id: string): Promise<AliasKey | null> {
    const known = mine.get(id)
    if (known) return known.ended ? null : known
    const { sandboxes } = await call(context, 'list', {})
    const named = sandboxes.filter(
      ({ user, thread, holders }) => thread !== null && holders.some(({ holder }) => holder === holderOf(context)) && deerFlowIds(user, thread).includes(id),
    )
    return named.length === 1 && named[0] ? { user: named[0].user, thread: named[0].thread } : null
  }

  /** An id that is Berth's own name of a sandbox of another thread has a meaning already. */
  async function refuseAnothers(context: Context, { id, user, thread }: CreateRequest): Promise<void> {
    if (!/^[a-f0-9]{16}$/.test(id) || (thread !== null && id === containerId(user, thread))) return
    const known = await call(context, 'get', { id }).catch((error: unknown) => {
      const { code } = asBerthError(error)
      if (code === 'SANDBOX_NOT_FOUND') return null
      throw code === 'FORBIDDEN' ? conflict(id) : error
    })
    if (known) throw conflict(id)
  }

  /** Anonymous ids are new each time: those whose sandbox is gone are forgotten, or they would fill the home. */
  function forgetGone(client: string, mine: ClientAliases, sandboxes: readonly Sandbox[]): void {
    const there = new Set(sandboxes.map((it) => it.id))
    for (const { id, thread } of mine.given()) if (thread === null && !there.has(namedAnonymousId(client, id))) void mine.end(id)
  }

  async function create(context: Context, request: CreateRequest): Promise<Row> {
    const { id, user, thread } = request
    const key = { user, thread }
    const mine = await aliases.of(context.client)
    const claim = mine.claim(id, key)
    const stop = new AbortController()
    const unlisten = onAbort(context.signal, ({ reason }) => stop.abort(reason))
    const progress: { step: Progress['step'] | null } = { step: null }
    const work = (async () => {
      try {
        await refuseAnothers(context, request)
        const { signal } = stop
        const emit = async (chunk: unknown) => {
          progress.step = (chunk as Progress).step
        }
        const got = await acquire({ ...context, signal, emit }, id, key, {
          provisionalMs: times.provisional,
          ...(request.extraMounts ? { extraMounts: request.extraMounts } : {}),
        })
        if (got.path === 'cold' && got.warnings.length > 0) {
          const text = `Made for ${id} with warnings: ${got.warnings.join('; ')}`
          deps.publish({ type: 'provisioner.warnings', who: context.who, sandbox: got.id, user, thread, text })
        }
        await claim.keep(got.container)
        return got
      } catch (error) {
        claim.drop()
        throw error
      }
    })()
    const got = await soonest(work, times.create)
    if (got) {
      if (thread === null) forgetGone(context.client, mine, (await call(context, 'list', {})).sandboxes)
      return row(context, id, got)
    }
    // Its boot goes on without its client, who looks at the address; a failure of it is an event, and the next create's to tell.
    const booting = progress.step === 'ready' ? await pending(context, id, key) : null
    if (booting) return booting
    if (progress.step !== 'queue') {
      // It has its place, and keeps its turn: the create that is repeated finds it, and a hold that nobody comes for ends by itself.
      unlisten()
      throw fail('STARTING', `The sandbox is being made, and was not there within ${times.create / 1000} s (${progress.step ?? 'others are made first'})`, {
        next: 'Create it again: it is made meanwhile.',
      })
    }
    stop.abort(fail('CAPACITY_TIMEOUT', `The sandbox was not there within ${times.create / 1000} s (${progress.step})`, { next: 'Create it again.' }))
    await work
    throw fail('INTERNAL', 'A create that was ended came to a good end', { next: 'Create it again.' })
  }

  /** A sandbox that boots, where it has an address to look at. */
  async function pending(context: Context, id: string, key: AliasKey): Promise<Row | null> {
    try {
      return row(context, id, await call(context, 'get', selectionOf(context, id, key)))
    } catch {
      // No address yet, or it failed in this moment: the create itself tells.
      return null
    }
  }

  async function get(context: Context, id: string): Promise<Row | null> {
    await untilBegun(deps, times.get)
    const mine = await aliases.of(context.client)
    const key = await meaning(context, mine, id)
    if (key === null) return null
    const stop = new AbortController()
    try {
      const work = acquire({ ...context, signal: AbortSignal.any([context.signal, stop.signal]) }, id, key, { onlyExisting: true })
      const got = await soonest(work, times.get)
      if (got === null) {
        stop.abort(fail('STARTING', `The sandbox '${id}' did not answer within ${times.get / 1000} s`, { next: 'Ask again in a moment.' }))
        throw await work.then(() => fail('STARTING', 'It came too late', { next: 'Ask again.' }))
      }
      await mine.claim(id, key).keep(got.container)
      return row(context, id, got)
    } catch (error) {
      const { code } = asBerthError(error)
      if (code === 'SANDBOX_NOT_FOUND' || code === 'SANDBOX_LOST') return null
      throw error
    }
  }

  async function list(context: Context): Promise<Row[]> {
    await untilBegun(deps, times.get)
    const mine = await aliases.of(context.client)
    const { sandboxes } = await call(context, 'list', {})
    forgetGone(context.client, mine, sandboxes)
    const listed = new Set<string>()
    return mine.given().flatMap((one): Row[] => {
      const it = sandboxes.find(isOf(context.client, one.id, one))
      const held = it?.holders.some(({ holder }) => holder === holderOf(context)) ?? false
      // A later container of the same thread, which somebody else acquired, is not this client's.
      const given = it && (held || (it.container !== null && it.container === one.container))
      if (!given || listed.has(it.id) || it.status === 'stopping' || it.status === 'failed' || deps.addressOf(it, context) === null) return []
      listed.add(it.id)
      return [row(context, one.id, it)]
    })
  }

  async function remove(context: Context, id: string, { busy }: { busy: boolean }): Promise<void> {
    await untilBegun(deps, times.get)
    const mine = await aliases.of(context.client)
    const key = await meaning(context, mine, id)
    if (key === null) return
    const selection = selectionOf(context, id, key)
    await untilSettled(context, selection, times.get)
    const { sandboxes } = await call(context, 'list', {})
    const it = sandboxes.find(isOf(context.client, id, key))
    await mine.end(id)
    if (!it) return
    // Another id of this client for the same thread, given for the same container, goes on holding it.
    const other = mine.given().find((one) => one.id !== id && one.container === it.container && isOf(context.client, one.id, one)(it))
    if (other) return
    await call(context, 'release', { ...selection, holder: holderOf(context) })
    const ending = call(context, 'destroy', { ...selection, only_if_unheld: true, only_if_idle: !busy })
    // Longer than the client waits: it ends all the same, and what goes wrong with it is an event.
    await soonest(ending, times.remove)
  }

  /** One that is being made or found again is waited for: its hold could not be ended yet. */
  async function untilSettled(context: Context, selection: object, ms: number): Promise<void> {
    const until = performance.now() + ms
    for (;;) {
      const it = await call(context, 'get', selection).catch((error: unknown) => {
        if (asBerthError(error).code === 'SANDBOX_NOT_FOUND') return null
        throw error
      })
      if (it?.status !== 'creating' || context.signal.aborted) return
      if (performance.now() > until) throw fail('STARTING', 'The sandbox is still being made', { next: 'Delete it again in a moment.' })
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  return { create, get, list, remove }
}

async function untilBegun(deps: ProvisionerDeps, ms: number): Promise<void> {
  const begun = await soonest(
    deps.begun().then(() => true),
    ms,
  )
  if (!begun) throw fail('STARTING', 'Berth has not yet seen what runs on the engine', { next: 'Ask again in a few seconds.' })
}

/** What the work gives, or null once the time is over; the work goes on, and its later failure is no one's. */
async function soonest<T>(work: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms)
  })
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
