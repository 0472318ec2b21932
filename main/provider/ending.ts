import { asBerthError, fail } from '../../shared/errors.ts'
import type { Core, Ending } from './core.ts'
import type { Entry } from './entry.ts'
import { stopping } from './registry.ts'

/** Waits between tries to remove a container that the engine would not let go. */
const retryMs = [500, 1000, 2000, 5000, 10_000]

/**
 * Ends a sandbox. It is `stopping` in this very tick, and its entry stays until the engine says that the container is
 * gone: a stop that failed is tried again, never forgotten.
 */
export function endSandbox(core: Core, entry: Entry, how: { who: string; text: string; grace: number }): Ending {
  const running = core.endings.get(entry.id)
  if (running) return running
  const { clock, backend, publish } = core.deps
  const ref = entry.sandbox?.ref ?? null
  core.table.set(stopping(entry, clock.now()), how)
  if (ref !== null) {
    core.clients.ended(
      ref,
      fail('SANDBOX_LOST', `The sandbox was ended: ${how.text}`, { next: 'Acquire again; the files of the thread are still there.' }),
    )
  }
  const attempt = async () => {
    if (ref !== null) await backend.remove(ref, how.grace)
    await forgetSandbox(core, entry, how.who, how.text)
  }
  const first = attempt()
  const gone = (async () => {
    for (let tries = 0; ; tries += 1) {
      try {
        await (tries === 0 ? first : attempt())
        return
      } catch (error) {
        if (tries === 0) {
          const { message } = asBerthError(error)
          publish({ type: 'sandbox.stuck', who: how.who, sandbox: entry.id, user: entry.user, thread: entry.thread, text: `It could not be removed and is tried again: ${message}` })
        }
        await clock.sleep(retryMs[Math.min(tries, retryMs.length - 1)] ?? 10_000)
      }
    }
  })().finally(() => core.endings.delete(entry.id))
  first.catch(() => undefined) // reported above; whoever awaits `first` gets it as well
  const ending = { first, gone }
  core.endings.set(entry.id, ending)
  return ending
}

/** The container is gone: the entry goes, and with an anonymous one its directory. A thread's files stay. */
async function forgetSandbox(core: Core, entry: Entry, who: string, text: string): Promise<void> {
  if (entry.thread === null) await core.deps.discard(entry)
  core.deps.leases.remove(entry.id)
  core.endings.delete(entry.id)
  core.table.drop(entry.id, { who, text })
}
