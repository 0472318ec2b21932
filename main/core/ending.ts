import { orAborted } from '../../shared/abort.ts'
import { asBerthError, type BerthError, fail } from '../../shared/errors.ts'
import { endCauses, type ToldCause } from '../../shared/events.ts'
import type { Core, Ending } from './core.ts'
import { type Entry, failed, stopping } from './registry.ts'
import type { Place } from './slot-deps.ts'
import { dropDirectory } from './slot-recovery.ts'
import type { ShutdownReport } from './provider-api.ts'
import type { NotEnded } from './slots-api.ts'

/** Waits between tries to remove a container that the engine would not let go. */
const retryMs = [500, 1000, 2000, 5000, 10_000]

export type How = {
  readonly who: string
  /** Seconds between the polite stop and the kill; 0: at once. */
  readonly grace: number
} & (
  | { readonly cause: ToldCause }
  | { readonly cause: 'unready'; readonly why: string }
  | {
      readonly cause: 'lost' | 'failed'
      /** It ends without anybody's wish: whoever works in it gets this. */
      readonly error: BerthError
      /** Stays visible as failed once its container is gone. */
      readonly visible: boolean
    }
)

/**
 * Ends a sandbox, wanted or not. It is `stopping` in this very tick, and its entry stays until the engine says that the
 * container is gone: a removal that failed is tried again, never forgotten, and its place is taken until then.
 */
export function endSandbox(core: Core, entry: Entry, how: How): Ending {
  const running = core.endings.get(entry.id)
  if (running) return running
  const { clock } = core.deps
  const { who, cause } = how
  const [text, failure] = 'error' in how ? [how.error.message, how.error] : ['why' in how ? how.why : endCauses[how.cause].text, null]
  core.table.set(stopping(entry, failure, clock.now()), { type: cause === 'lost' ? 'sandbox.lost' : 'sandbox.stopping', who, text, details: { cause } })
  const error = failure ?? fail('SANDBOX_LOST', `The sandbox was ended: ${text}`, { next: 'Acquire again; the files of the thread are still there.' })
  if (entry.sandbox) core.clients.ended(entry.sandbox.ref, error)
  core.deps.leases.remove(entry.id)
  const attempt = async () => {
    await removeContainer(core, entry, how.grace)
    if (entry.sandbox?.slot !== undefined) await dropDirectory(core, entry.sandbox.slot)
    if (entry.thread === null) await discardFiles(core, entry)
    settle(core, entry.id, how, text)
  }
  const first = attempt()
  const gone = retried(core, entry, first, attempt, who)
  first.catch(() => undefined) // told by `retried`; whoever awaits `first` gets it as well
  const ending = { first, gone }
  core.endings.set(entry.id, ending)
  return ending
}

async function removeContainer(core: Core, entry: Entry, grace: number): Promise<void> {
  const { backend } = core.deps
  if (entry.sandbox) return await backend.remove(entry.sandbox.ref, grace)
  if (entry.nonce === null) return
  // The engine may have made it without our hearing of it: only what carries this entry's own label is taken.
  const found = await backend.inspect(entry.name)
  if (found?.owner === 'ours' && found.nonce === entry.nonce) await backend.remove(found.ref, grace)
}

/** The sandbox is gone; files that could not follow it are looked for at each start. */
export async function discardFiles(core: Core, place: Place): Promise<void> {
  try {
    await core.deps.discard(place)
  } catch (error) {
    core.deps.publish({
      type: 'berth.problem',
      who: 'berth:workspace',
      sandbox: place.id,
      text: `The files of an anonymous sandbox stay for now: ${asBerthError(error).message}`,
    })
  }
}

async function retried(core: Core, entry: Entry, first: Promise<void>, attempt: () => Promise<void>, who: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await (tries === 0 ? first : attempt())
    } catch (error) {
      if (tries === 0) {
        const { id, user, thread } = entry
        core.deps.publish({
          type: 'sandbox.stuck',
          who,
          sandbox: id,
          user,
          thread,
          text: `It could not be removed and is tried again: ${asBerthError(error).message}`,
        })
      }
      await core.deps.clock.sleep(retryMs[Math.min(tries, retryMs.length - 1)] ?? 10_000)
    }
  }
}

/** The container is gone. */
function settle(core: Core, id: string, how: How, text: string): void {
  const { who } = how
  core.endings.delete(id)
  const entry = core.table.get(id)
  if (entry?.state !== 'stopping') return
  if ('error' in how && how.visible) core.table.set(failed(entry, how.error, core.deps.clock.now()), { who, text, details: { code: how.error.code } })
  else core.table.drop(id, { who, text })
}

/** Beyond stop_grace, how long a shutdown waits for the engine before it reports what is left. */
const slackMs = 20_000

/** Ends what `which` picks, in parallel and bounded. Whatever is being made ends first, with `reason`. */
export async function endAll(core: Core, reason: BerthError, who: string, which: (entry: Entry) => boolean): Promise<ShutdownReport> {
  await core.flights.abortAll(reason)
  const destroyed: string[] = []
  const failed: NotEnded[] = []
  const grace = core.deps.config().stop_grace
  const late = new AbortController()
  const deadline = core.deps.clock.timer(grace * 1000 + slackMs, () =>
    late.abort(fail('TIMEOUT', 'The engine did not say in time that it is gone', { next: 'Berth removes what is left at its next start.' })),
  )
  const end = async (entry: Entry) => {
    if (entry.state === 'failed') return core.table.drop(entry.id, { who, text: endCauses.shutdown.text })
    const ending = endSandbox(core, entry, { who, cause: 'shutdown', grace })
    try {
      await orAborted(ending.first, late.signal)
      destroyed.push(entry.id)
    } catch (error) {
      failed.push({ id: entry.id, error: asBerthError(error).message })
    }
  }
  const [spares] = await Promise.all([
    core.slots?.shut({ final: false }),
    ...core.table.all().filter(which).map(end),
    ...core.strays.values(),
    ...core.staleSpares.values(),
  ])
  deadline.cancel()
  failed.push(...(spares ?? []), ...leftOver(core))
  await core.deps.leases.flush()
  return { destroyed, failed }
}

/** Containers of ours that nobody has, and that could not be removed. */
function leftOver(core: Core): NotEnded[] {
  const refs = [...core.strays.keys(), ...core.staleSpares.keys()]
  return refs.map((ref) => ({ id: ref.slice(0, 12), error: 'It is left from an earlier Berth, and could not be removed' }))
}
