import { asBerthError, type BerthError } from '../../shared/errors.ts'
import type { Found } from '../backends/backend.ts'
import { type Core, outdated } from './core.ts'
import { type Entry, making } from './registry.ts'
import { loseSandbox } from './loss.ts'
import { claim, type Claimed, type ClaimSteps } from './slot-claim.ts'
import { innerTargets, type SlotFiles } from './slot-deps.ts'
import type { Spare } from './slots-api.ts'
import type { Hindrance } from './slots-plan.ts'

const userData = '/mnt/user-data'
const probeMs = 2000
/** Waits between tries to give a claimed container its name. */
const renameMs = [200, 1000, 5000, 10_000]

/**
 * Gives an entry that has its place a sandbox that runs already; null: there is none to give, and it starts cold. Throws
 * where files of the thread are not where they belong and cannot be brought back now: then nobody may start it.
 */
export async function claimSlot(core: Core, entry: Entry, signal: AbortSignal): Promise<Found | null> {
  const { deps, slots } = core
  const files = deps.slots
  if (files === null || slots === null) return null
  // Only where all that runs is known: a container that still has the thread's directory would lose it.
  if (!core.watch.current?.healthy() || core.strays.size > 0) return null
  const spare = slots.take() ?? (await slots.coming(signal))
  if (spare === null) return null
  try {
    return await locked(core, files, spare, entry, signal)
  } catch (error) {
    // Nothing was marked, or it says so on disk.
    slots.giveBack(spare.slot)
    throw error
  }
}

async function locked(core: Core, files: SlotFiles, spare: Spare, entry: Entry, signal: AbortSignal): Promise<Found | null> {
  const { deps, slots } = core
  const mounting = mountsNow(core, spare, entry)
  const turn = deps.lock(entry.id, signal)
  for (const early of [mounting, turn]) early.catch(() => undefined) // awaited below
  let lock: Awaited<typeof turn> | null = null
  let kept = false
  try {
    const found: Found = { ...spare.found, id: entry.id, user: entry.user, thread: entry.thread, name: entry.name, mounts: await mounting }
    const own = stepsOf(core, files, spare, entry, found)
    const steps = deps.aroundClaim?.(own) ?? own
    const mine = turn.then(
      (got) => (lock = got) !== null,
      () => false, // thrown below
    )
    const result = await claimed(core, spare, entry, () => claim(steps, mine, () => signal.aborted || lock?.broken.aborted === true))
    if (lock === null) await turn
    if (result.kind === 'claimed') {
      const now = core.table.get(entry.id)
      if (now?.state === 'creating') core.table.set(making(now, found.nonce, found))
      slots?.forget(spare.slot)
      kept = true
      // The lock is held until the name is: nobody else is to look for it meanwhile.
      void settleName(core, found, steps.rename, result.naming).finally(() => void lock?.release())
      return found
    }
    if (result.kind === 'unfit') slots?.unfit(spare.slot, result)
    else if (result.kind === 'taken') slots?.forget(spare.slot)
    else await slots?.end(spare.slot, true)
    if (result.kind !== 'taken') tell(core, entry, result.reason)
    return null
  } finally {
    if (!kept)
      await turn.then(
        (got) => got.release(),
        () => undefined,
      ) // what was not got is not held
  }
}

/** What could not be brought back keeps the thread from starting, until it can. */
async function claimed(core: Core, spare: Spare, entry: Entry, run: () => Promise<Claimed>): Promise<Claimed> {
  try {
    return await run()
  } catch (error) {
    core.stuck.set(entry.id, spare.slot)
    void core.slots?.end(spare.slot, true)
    throw error
  }
}

function stepsOf(core: Core, files: SlotFiles, spare: Spare, entry: Entry, found: Found): ClaimSteps {
  const { backend } = core.deps
  const stale = whyStale(core, spare)
  stale.catch(() => undefined) // awaited by the claim
  return {
    ...files.claim(spare.slot, { id: entry.id, user: entry.user, thread: entry.thread }, spare.started, innerTargets(found)),
    async hindered() {
      const [taken, outOfDate] = await Promise.all([backend.inspect(entry.name), stale])
      // A busy engine may answer only after it has given that name to this very one.
      return taken === null || taken.ref === found.ref ? outOfDate : { of: 'thread', reason: "another container has the thread's name" }
    },
    rename: () => backend.rename(found.ref, entry.name),
    probe: () => core.clients.of(found).api.probe(probeMs),
  }
}

/** What a spare one learnt when it was started and is not so any more: which image a name means, which directory a path leads to. */
async function whyStale(core: Core, spare: Spare): Promise<Hindrance | null> {
  const [mounts] = await Promise.all([core.deps.slotMountsOf(spare.slot), core.image.look()])
  if (outdated(core, spare.found, null)) return { of: 'slot', reason: `the image ${spare.found.image ?? ''} is another one since it was started` }
  return mounts.seen === spare.seen ? null : { of: 'slot', reason: 'what is mounted into it is not where it was when it was started' }
}

async function mountsNow(core: Core, spare: Spare, entry: Entry): Promise<Found['mounts']> {
  const source = await core.deps.userDataOf(entry)
  return spare.found.mounts.map((mount) => (mount.target === userData && source !== null ? { ...mount, source } : mount))
}

function tell(core: Core, { id, user, thread }: Entry, reason: string): void {
  core.deps.publish({ type: 'slots.unfit', who: 'berth:slots', sandbox: id, user, thread, text: `A spare sandbox was not used: ${reason}` })
}

/** Until the container has its thread's name, or is gone; `first` is the try under way. */
async function settleName(core: Core, found: Found, rename: () => Promise<void>, first: Promise<void>): Promise<void> {
  const { clock } = core.deps
  for (let tries = 0; ; tries += 1) {
    const attempt = tries === 0 ? first : rename()
    core.naming.set(found.ref, attempt)
    try {
      return await attempt
    } catch (error) {
      const problem = asBerthError(error)
      if (problem.code === 'SANDBOX_LOST' || !holds(core, found)) return
      if (problem.code === 'NAME_TAKEN') return lose(core, found, problem)
      await clock.sleep(renameMs[Math.min(tries, renameMs.length - 1)] ?? 10_000)
      if (!holds(core, found)) return
    } finally {
      if (core.naming.get(found.ref) === attempt) core.naming.delete(found.ref)
    }
  }
}

const holds = (core: Core, found: Found) => core.table.all().some((it) => it.sandbox?.ref === found.ref && it.state !== 'stopping')

function lose(core: Core, found: Found, problem: BerthError): void {
  const entry = core.table.all().find((it) => it.sandbox?.ref === found.ref)
  if (entry?.state === 'active' || entry?.state === 'warm' || entry?.state === 'paused') loseSandbox(core, entry, problem.message)
}

/** Before anything of this thread starts: files that an earlier claim could not bring back. Throws while they are not. */
export async function unstick(core: Core, id: string): Promise<void> {
  const slot = core.stuck.get(id)
  if (slot === undefined) return
  await core.deps.slots?.recover(slot)
  core.stuck.delete(id)
}
