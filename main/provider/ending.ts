import { asBerthError, fail, type BerthError } from '../../shared/errors.ts'
import type { Core, Ending } from './core.ts'
import type { Entry } from './entry.ts'
import type { Place } from './place.ts'
import { failed, stopping } from './registry.ts'
import { dropDirectory } from './slot-recovery.ts'

/** Waits between tries to remove a container that the engine would not let go. */
const retryMs = [500, 1000, 2000, 5000, 10_000]

export interface How {
  readonly who: string
  /** Why it ends, for a person. */
  readonly text: string
  /** Seconds between the polite stop and the kill; 0: at once. */
  readonly grace: number
  /** Event type; default `sandbox.stopping`. */
  readonly type?: string
  /** It ends without anybody's wish: whoever works in it gets this. */
  readonly error?: BerthError
  /** Stays visible as failed once its container is gone. */
  readonly visible?: boolean
}

/**
 * Ends a sandbox, wanted or not. It is `stopping` in this very tick, and its entry stays until the engine says that the
 * container is gone: a removal that failed is tried again, never forgotten, and its place is taken until then.
 */
export function endSandbox(core: Core, entry: Entry, how: How): Ending {
  const running = core.endings.get(entry.id)
  if (running) return running
  const { clock } = core.deps
  const { who, text, type } = how
  core.table.set(stopping(entry, how.error ?? null, clock.now()), { who, text, ...(type === undefined ? {} : { type }) })
  const error = how.error ?? fail('SANDBOX_LOST', `The sandbox was ended: ${text}`, { next: 'Acquire again; the files of the thread are still there.' })
  if (entry.sandbox) core.clients.ended(entry.sandbox.ref, error)
  core.deps.leases.remove(entry.id)
  const attempt = async () => {
    await removeContainer(core, entry, how.grace)
    if (entry.sandbox?.slot !== undefined) await dropDirectory(core, entry.sandbox.slot)
    if (entry.thread === null) await discardFiles(core, entry)
    settle(core, entry.id, how)
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
    core.deps.publish({ type: 'berth.problem', who: 'berth:workspace', sandbox: place.id, text: `The files of an anonymous sandbox stay for now: ${asBerthError(error).message}` })
  }
}

async function retried(core: Core, entry: Entry, first: Promise<void>, attempt: () => Promise<void>, who: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await (tries === 0 ? first : attempt())
    } catch (error) {
      if (tries === 0) {
        const { id, user, thread } = entry
        core.deps.publish({ type: 'sandbox.stuck', who, sandbox: id, user, thread, text: `It could not be removed and is tried again: ${asBerthError(error).message}` })
      }
      await core.deps.clock.sleep(retryMs[Math.min(tries, retryMs.length - 1)] ?? 10_000)
    }
  }
}

/** The container is gone. */
function settle(core: Core, id: string, { who, text, error, visible }: How): void {
  core.endings.delete(id)
  const entry = core.table.get(id)
  if (entry?.state !== 'stopping') return
  if (visible && error) core.table.set(failed(entry, error, core.deps.clock.now()), { who, text: error.message, details: { code: error.code } })
  else core.table.drop(id, { who, text })
}
