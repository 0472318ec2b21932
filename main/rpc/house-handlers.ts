import { once } from 'node:events'
import type { CallArgs, CallChunk, CallResult } from '../../shared/contract.ts'
import { fail } from '../../shared/errors.ts'
import type { Events } from '../events/events.ts'
import type { Provider } from '../provider/provider-api.ts'
import type { Addressing } from './addressing.ts'
import type { CallContext } from './context.ts'
import type { ContractId } from './contract-hash.ts'
import type { Handlers } from './handlers.ts'
import { proofOf } from './proof.ts'

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
  const inUse = deps.provider
    .list()
    .sandboxes.find((it) => it.thread === args.thread && it.user === args.user && it.status !== 'failed')
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
