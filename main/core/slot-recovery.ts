import { asBerthError, fail } from '../../shared/errors.ts'
import type { Found } from '../backends/backend.ts'
import { nameOf, type Core } from './core.ts'
import type { SlotFiles } from './slot-deps.ts'

/** At the start, before anything else of this home is looked at: every file is brought to its thread, by the disk alone. */
export async function recoverSlots(core: Core): Promise<void> {
  const files = core.deps.slots
  if (files === null) return
  try {
    await files.tidy()
  } catch (error) {
    // Nothing stands on it, and it is tried again at the next start.
    core.deps.publish({ type: 'berth.problem', who: 'berth:slots', text: asBerthError(error).message })
  }
  for (const slot of await files.names()) {
    const now = await files.state(slot)
    if (now.kind === 'home') await told(core, slot, now.place.id, () => files.recover(slot))
    else if (now.kind === 'undone') await told(core, slot, now.place.id, () => underLock(core, now.place.id, () => files.recover(slot)))
  }
}

/** Whoever is in the middle of a claim holds this lock. */
async function underLock<T>(core: Core, id: string, work: () => Promise<T>): Promise<T> {
  const lock = await core.deps.lock(id, new AbortController().signal)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

async function told(core: Core, slot: string, id: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const problem = asBerthError(error)
    core.stuck.set(id, slot)
    core.deps.publish({ type: 'slots.stuck', who: 'berth:slots', sandbox: id, text: problem.message, details: { code: problem.code, next: problem.next } })
  }
}

/** Takes a spare out of use; false: somebody claimed it first. Where the disk takes no mark it takes no claim either: then none is needed. */
export async function takenOut(files: SlotFiles, slot: string): Promise<boolean> {
  try {
    return (await files.retire(slot)) || (await files.state(slot)).kind === 'retired'
  } catch (error) {
    if ((await files.state(slot)).kind !== 'spare') throw error
    return true
  }
}

/** Whether a slot that nobody here knows may go, with its container; afterwards nobody can claim it any more. */
export async function slotIsFree(core: Core, slot: string, id: string | null): Promise<boolean> {
  const files = core.deps.slots
  if (files === null) return false
  const now = await files.state(slot)
  if (now.kind === 'spare') return await takenOut(files, slot)
  if (now.kind === 'home') return id !== null
  if (now.kind !== 'undone') return true
  return (await underLock(core, now.place.id, () => files.recover(slot))).kind === 'undone'
}

/** What is left of a slot's directory is looked for at every listing: its failure keeps nobody from anything. */
export async function dropDirectory(core: Core, slot: string): Promise<void> {
  try {
    await core.deps.slots?.drop(slot)
  } catch (error) {
    core.deps.publish({ type: 'berth.problem', who: 'berth:slots', text: `The directory of slot ${slot} stays for now: ${asBerthError(error).message}` })
  }
}

/** Directories of slots that no container has any more. */
export async function sweepSlots(core: Core, found: readonly Found[]): Promise<void> {
  const files = core.deps.slots
  if (files === null) return
  for (const slot of await files.names()) {
    const inUse = () => core.slots?.knows(slot) === true || core.table.all().some((it) => it.sandbox?.slot === slot)
    if (inUse() || found.some((it) => it.slot === slot)) continue
    try {
      if ((await slotIsFree(core, slot, '')) && !inUse()) await files.drop(slot)
    } catch (error) {
      core.deps.publish({ type: 'slots.stuck', who: 'berth:slots', text: `The directory of slot ${slot} stays for now: ${asBerthError(error).message}` })
    }
  }
}

/** Whether a slot's container was started more often than by Berth: its bind then leads to where it was resolved anew. */
export async function restarted(core: Core, sandbox: Found): Promise<boolean> {
  if (sandbox.slot === undefined) return false
  const now = await core.deps.slots?.state(sandbox.slot)
  const at = await core.deps.backend.startedAt(sandbox.ref)
  return at !== null && (now?.kind !== 'home' || now.started !== at)
}

/** A claimed container as it is to be adopted: with its thread's name. Throws where it must not be. */
export async function adoptable(core: Core, found: Found): Promise<Found> {
  if (found.slot === undefined || found.id === null) return found
  if (await restarted(core, found)) {
    throw fail('IDENTITY_CONFLICT', 'It was started again by hand, so nobody knows which files it sees', {
      next: 'Acquire again; the files of the thread are still there.',
    })
  }
  if (!found.name.endsWith(`-slot-${found.slot}`)) return found
  const name = nameOf(core, found.id)
  await core.deps.backend.rename(found.ref, name)
  return { ...found, name }
}
