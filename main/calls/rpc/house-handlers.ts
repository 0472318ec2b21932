import { once } from 'node:events'
import type { CallArgs, CallChunk, CallResult } from '../../../shared/contract.ts'
import { fail } from '../../../shared/errors.ts'
import type { Events } from '../../house/events/events.ts'
import type { Provider } from '../../core/provider-api.ts'
import type { Addressing } from './addressing.ts'
import type { CallContext, Handlers } from './handlers.ts'
import { type ContractId, proofOf } from './contract-hash.ts'
import type { Selection } from '../../../shared/select.ts'
import { safeName, type Sessions, type TicketStore } from '../../house/tokens/sessions.ts'
import type { Tokens } from '../../house/tokens/tokens.ts'

/** What the house must be able to tell and do; each part belongs to another room. */
export interface HouseDeps {
  readonly provider: Provider
  readonly events: Events
  readonly addressing: Addressing
  readonly version: string
  /** Real path. */
  readonly home: string
  readonly contract: ContractId
  /** The home's token: never leaves, only proves. */
  readonly token: string
  readonly status: () => Promise<CallResult<'status'>>
  readonly doctor: () => Promise<CallResult<'doctor'>>
  readonly config: () => Promise<CallResult<'config'>>
  readonly threads: (user: string | undefined) => Promise<CallResult<'threads'>>
  /** Deletes a thread's files, under the thread's own lock; THREAD_NOT_FOUND where there are none. */
  readonly forget: (key: { user: string; thread: string }, who: string) => Promise<CallResult<'forget'>>
  /** Asks the engine to close; returns at once, so that the answer still goes out. */
  readonly stop: (who: string) => void
}

type HouseCalls = 'health' | 'status' | 'doctor' | 'config' | 'threads' | 'forget' | 'shutdown' | 'events'

/** Running the house: everything that is not one sandbox. */
export function houseHandlers(deps: HouseDeps): Pick<Handlers, HouseCalls> {
  return {
    health: async ({ nonce }) => ({
      status: 'ok',
      version: deps.version,
      contract: deps.contract,
      instance: deps.events.instance,
      ...(nonce === undefined ? {} : { proof: proofOf(deps.token, nonce), home_proof: proofOf(deps.token, `${nonce}\n${deps.home}`) }),
    }),
    status: deps.status,
    doctor: deps.doctor,
    config: deps.config,
    threads: ({ user }) => deps.threads(user),
    forget: (args, context) => forget(deps, args, context),
    shutdown: async ({ keep_host }, context) => {
      const report = await deps.provider.shutdown(context.who, { reopen: keep_host })
      if (!keep_host) deps.stop(context.who)
      return { destroyed: [...report.destroyed], failed: [...report.failed] }
    },
    events: (args, context) => follow(deps.events, args, context),
  }
}

async function forget(deps: HouseDeps, args: CallArgs<'forget'>, context: CallContext): Promise<CallResult<'forget'>> {
  if (args.confirm !== args.thread) {
    throw fail('BAD_INPUT', "forget: `confirm` is not the thread's name", {
      next: `Deleting cannot be undone: repeat the name ${JSON.stringify(args.thread)} in \`confirm\`.`,
    })
  }
  // A failed entry is only a memory of a sandbox.
  const inUse = deps.provider.list().sandboxes.find((it) => it.thread === args.thread && it.user === args.user && it.status !== 'failed')
  if (inUse) {
    throw fail('THREAD_IN_USE', `Thread ${args.thread} still has the sandbox ${inUse.id} (${inUse.status})`, {
      next: `Destroy it first: berth destroy --thread ${args.thread}${args.user === 'default' ? '' : ` --user ${args.user}`}`,
      details: { sandbox: inUse.id, status: inUse.status },
    })
  }
  return await deps.forget({ user: args.user, thread: args.thread }, context.who)
}

async function follow(
  events: Events,
  { since, limit, follow: goesOn }: CallArgs<'events'>,
  context: CallContext<CallChunk<'events'>>,
): Promise<CallResult<'events'>> {
  const emit = context.emit
  if (!goesOn) return events.recent({ since, limit })
  if (!emit) {
    throw fail('BAD_INPUT', 'events: `follow` needs a stream', {
      next: 'Ask with `Accept: application/x-ndjson`, or use GET /berth/v1/events, which is one.',
    })
  }
  const from = since ?? (events.recent({ limit }).events[0]?.seq ?? events.last() + 1) - 1
  let dropped = 0
  const subscription = events.subscribe(async (event, lost) => {
    dropped += lost
    await emit(event)
  }, from)
  await aborted(context.signal)
  subscription.close()
  return { events: [], dropped }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

export interface DoorDeps {
  readonly provider: Pick<Provider, 'get' | 'use'>
  readonly events: Pick<Events, 'publish'>
  readonly sessions: Sessions
  readonly tickets: TicketStore
  /** The home's own token. */
  readonly token: string
  /** Of the bridge, by the name the caller used, where that is not loopback. */
  readonly bridgeUrl: (via: string | undefined) => string
  /** `better`: the name of the container engine that could be used instead; null: none. */
  readonly backendWatch: { retry(): Promise<CallResult<'retry'>>; better(): string | null }
  /** Starts the engine anew, a moment after this call's answer. */
  readonly restart: () => void
}

type DoorCalls = 'retry' | 'switch_backend' | 'ticket' | 'session_open' | 'session_end' | 'login_link' | 'token_copy'

/** Who gets in by a browser, and how bytes do. */
export function doorHandlers(deps: DoorDeps): Pick<Handlers, DoorCalls> {
  const { sessions, tickets, provider } = deps
  return {
    retry: async () => await deps.backendWatch.retry(),
    switch_backend: async (_args, context) => {
      const better = deps.backendWatch.better()
      if (better === null) return { switching: false }
      deps.events.publish({ type: 'engine.switching', who: context.who, text: `The engine starts again with ${better}` })
      deps.restart()
      return { switching: true }
    },
    ticket: async ({ path, direction, ...selection }, context) => {
      const { id } = provider.get(selection)
      // A download that cannot be is better refused here, where the reason can be told, than in a browser's download list.
      if (direction === 'download') await mustBeFile(provider, { id, user: selection.user }, path, context.who, context.signal)
      const name = safeName(path)
      const { secret, expires } = tickets.issue({ sandbox: id, path, name, direction, who: context.who })
      return { path: `/tickets/${secret}`, name, expires_at: new Date(expires).toISOString() }
    },
    session_open: async ({ code }, context) => await sessions.open(code, context.agent ?? ''),
    session_end: async ({ id }, context) => {
      tickets.drop(`session:${id}`)
      return { ended: await sessions.end(id, context.who) }
    },
    login_link: async (_args, context) => {
      const { code, expires } = sessions.code()
      return { url: `${deps.bridgeUrl(context.via)}/#login=${code}`, expires_at: new Date(expires).toISOString() }
    },
    token_copy: async (_args, context) => {
      deps.events.publish({ type: 'token.copied', who: context.who, text: "The home's own token was copied" })
      return { token: deps.token }
    },
  }
}

async function mustBeFile(provider: Pick<Provider, 'use'>, selection: Selection, path: string, who: string, signal: AbortSignal): Promise<void> {
  const cut = path.replace(/\/+$/, '')
  const at = cut.lastIndexOf('/')
  const listed = await provider.use(selection, who, (api) => api.list(cut.slice(0, at) || '/', { recursive: false, hidden: true }), { signal, counts: false })
  const entry = listed.find((it) => it.name === cut.slice(at + 1))
  if (!entry) throw fail('FILE_NOT_FOUND', `There is no file ${path} in the sandbox`, { next: 'List the directory: it may have been moved.' })
  if (entry.directory) throw fail('FILE_FAILED', `${path} is a directory`, { next: 'Download its files one by one, or pack it first: tar czf.' })
}

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
