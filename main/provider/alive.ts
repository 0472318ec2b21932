import { asBerthError } from '../../shared/errors.ts'
import type { Found } from '../backends/backend.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import { frozen } from './registry.ts'

/** A running container that gives no HTTP answer for this long, while the engine answers, is hung. */
const hungAfterMs = 3000
const probeMs = 1500
/** An answer younger than this proves an active sandbox alive. */
const freshMs = 1000

export type Verdict = { readonly alive: true } | { readonly alive: false; readonly reason: string }

const alive: Verdict = { alive: true }
const dead = (reason: string): Verdict => ({ alive: false, reason })

/** Enough for an active one to be handed out with no question asked: the engine is watched, and it just answered. */
export function provenAlive(core: Core, entry: Entry & { sandbox: Found }): boolean {
  if (entry.state !== 'active' || entry.sandbox.state !== 'running' || !core.watch.current?.healthy()) return false
  return core.deps.clock.now() - core.clients.of(entry.sandbox).api.lastProof() < freshMs
}

/**
 * Is this very container running and answering? Wakes a frozen one. Throws ENGINE_UNREACHABLE where nobody can say:
 * unknown is neither alive nor dead.
 */
export async function checkAlive(core: Core, entry: Entry & { sandbox: Found }, signal: AbortSignal): Promise<Verdict> {
  const { clock } = core.deps
  const { ref } = entry.sandbox
  let isFrozen = entry.sandbox.state === 'paused'
  if (!core.watch.current?.healthy()) {
    const seen = await ask(core, entry)
    if (typeof seen === 'string') return dead(seen)
    isFrozen = seen.state === 'paused'
  }
  if (isFrozen) await wake(core, entry)
  const { api } = core.clients.of(entry.sandbox)
  const began = clock.now()
  for (let tries = 1; ; tries += 1) {
    try {
      await api.probe(probeMs)
      return alive
    } catch (error) {
      const problem = asBerthError(error)
      if (problem.code === 'SANDBOX_REFUSED') return dead('another program answers at its address')
      const seen = await ask(core, entry)
      if (typeof seen === 'string') return dead(seen)
      if (seen.state === 'paused') await core.deps.backend.unpause(ref)
      else if (tries >= 2 && clock.now() - began >= hungAfterMs) return dead(`it did not answer for ${hungAfterMs / 1000} s while the engine says that it runs`)
      await clock.sleep(tries === 1 ? 50 : 250, signal)
    }
  }
}

/** What the engine says: the container itself, or why it is dead. */
async function ask(core: Core, entry: Entry & { sandbox: Found }): Promise<Found | string> {
  const found = await core.deps.backend.inspect(entry.name)
  if (found === null || found.ref !== entry.sandbox.ref) return 'it was removed from outside'
  if (found.state === 'running' || found.state === 'paused') return found
  return found.exitCode === null ? 'it ended' : `it ended with exit code ${found.exitCode}`
}

/** Unfreezes a container and notes it. */
export async function wake(core: Core, entry: Entry & { sandbox: Found }): Promise<void> {
  await core.deps.backend.unpause(entry.sandbox.ref)
  const now = core.table.get(entry.id)
  if (now?.sandbox?.ref === entry.sandbox.ref) core.table.set(frozen(now, false, core.deps.clock.now()))
}
