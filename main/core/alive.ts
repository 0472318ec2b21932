import { asBerthError } from '../../shared/errors.ts'
import type { Found } from '../backends/backend.ts'
import type { Core } from './core.ts'
import type { Entry } from './registry.ts'

/**
 * The container that the engine has under a sandbox's name. One that was claimed may still be on its way to that name, or
 * have got there without an answer: then the engine has it under its slot's.
 */
export async function inspectSandbox(core: Core, sandbox: Found): Promise<Found | null> {
  // Its failure is dealt with where it is tried again.
  await core.naming.get(sandbox.ref)?.catch(() => undefined)
  const found = await core.deps.backend.inspect(sandbox.name)
  if (found?.ref === sandbox.ref || sandbox.slot === undefined) return found
  const before = await core.deps.backend.inspect(slotName(core, sandbox.slot))
  return before?.ref === sandbox.ref ? before : found
}

/** What a slot's container is called until it is claimed. */
export const slotName = (core: Core, slot: string): string => `${core.deps.config().container_prefix}-slot-${slot}`

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
  let isFrozen = entry.sandbox.state === 'paused'
  if (!core.watch.current?.healthy()) {
    const seen = await ask(core, entry)
    if (typeof seen === 'string') return dead(seen)
    isFrozen ||= seen.state === 'paused'
  }
  const { api } = core.clients.of(entry.sandbox)
  const began = clock.now()
  // Asked while it still wakes, it answers in the moment in which it can: sooner than the engine says that it has.
  const early = isFrozen ? woken(core, entry, api.probe(probeMs)) : null
  for (let tries = 1; ; tries += 1) {
    try {
      await (tries === 1 && early ? early : api.probe(probeMs))
      return alive
    } catch (error) {
      const problem = asBerthError(error)
      if (problem.code === 'ENGINE_UNREACHABLE' || problem.code === 'ENGINE_FAILED') throw error
      if (problem.code === 'SANDBOX_REFUSED') return dead('another program answers at its address')
      const seen = await ask(core, entry)
      if (typeof seen === 'string') return dead(seen)
      if (seen.state === 'paused') await wake(core, entry)
      else if (tries >= 2 && clock.now() - began >= hungAfterMs) return dead(`it did not answer for ${hungAfterMs / 1000} s while the engine says that it runs`)
      await clock.sleep(tries === 1 ? 50 : 250, signal)
    }
  }
}

/** What the engine says: the container itself, or why it is dead. */
async function ask(core: Core, entry: Entry & { sandbox: Found }): Promise<Found | string> {
  const found = await inspectSandbox(core, entry.sandbox)
  if (found === null || found.ref !== entry.sandbox.ref) return 'it was removed from outside'
  if (found.state === 'running' || found.state === 'paused') return found
  return found.exitCode === null ? 'it ended' : `it ended with exit code ${found.exitCode}`
}

/** The probe's answer, or why it cannot be woken. */
async function woken(core: Core, entry: Entry & { sandbox: Found }, probe: Promise<void>): Promise<void> {
  probe.catch(() => undefined) // whoever waits below gets it, unless the waking failed first
  const waking = wake(core, entry)
  await Promise.race([probe, waking.then(() => probe)])
}

/** Unfreezes a container and notes it. All who come meanwhile wait for the same. */
export function wake(core: Core, entry: Entry & { sandbox: Found }): Promise<void> {
  return core.pausing.wake(entry)
}
