import { asBerthError, fail } from '../../shared/errors.ts'
import type { Acquired } from '../../shared/sandbox.ts'
import { provenAlive } from './alive.ts'
import type { Core, Landing } from './core.ts'
import { usable } from './entry.ts'
import { abortError } from './flights.ts'
import { obtain, type Wanted } from './obtain.ts'
import type { AcquireRequest } from './provider-api.ts'
import { held } from './registry.ts'
import { acquiredOf } from './view.ts'

/** An unanswered first listing holds an acquire up for this long at most. */
const beginWaitMs = 20_000
/** An engine that is gone may be restarting: an acquire waits this long for it before it fails with the cause. */
const outageWaitMs = 10_000

export interface Gate {
  /** First look at the engine; done already in the normal case. */
  begin(): Promise<void>
  /** Throws SHUTTING_DOWN once the doors are shut. */
  admit(): void
}

export function makeAcquire(core: Core, gate: Gate): (request: AcquireRequest) => Promise<Acquired> {
  const { deps, table, flights } = core
  const { clock } = deps

  async function acquire(request: AcquireRequest): Promise<Acquired> {
    gate.admit()
    const { user, thread, holder } = request
    const wanted: Wanted = { id: thread === null ? deps.randomId() : deps.idOf(user, thread), user, thread }
    const known = table.get(wanted.id)
    if (usable(known) && !flights.has(wanted.id) && provenAlive(core, known)) {
      const next = table.set(held(known, holder, clock.now(), clock.wall()))
      core.save(next)
      return acquiredOf(core, next, holder, { path: 'reuse', warnings: [] })
    }
    const landing = await outlastOutage(request, () => arrive(request, wanted))
    let entry = table.get(wanted.id)
    if (!usable(entry)) throw fail('SANDBOX_LOST', 'The sandbox ended as soon as it was there', { next: 'Acquire again.' })
    // Who came aboard in the tick of the landing is held here.
    if (!entry.leases.some((lease) => lease.holder === holder)) entry = table.set(held(entry, holder, clock.now(), clock.wall()))
    return acquiredOf(core, entry, holder, landing)
  }

  async function arrive({ holder, who, report, signal }: AcquireRequest, wanted: Wanted): Promise<Landing> {
    await untilBegun(signal)
    gate.admit()
    return await flights.join(wanted.id, { holder, who, report }, signal, (flight) => obtain(core, wanted, flight))
  }

  /** Unknown is not gone: while the engine does not answer, nothing is concluded, and the call is tried again. */
  async function outlastOutage<T>({ report, signal }: AcquireRequest, call: () => Promise<T>): Promise<T> {
    const began = clock.now()
    for (let pause = 200; ; pause = Math.min(pause * 2, 1000)) {
      try {
        return await call()
      } catch (error) {
        const problem = asBerthError(error)
        if (problem.code !== 'ENGINE_UNREACHABLE' || clock.now() - began > outageWaitMs) throw error
        report?.({ type: 'progress', step: 'engine', text: `Waiting for the container engine: ${problem.message}`, done: null, total: null })
      }
      await clock.sleep(pause, signal).catch((error: unknown) => {
        throw signal?.aborted ? abortError(signal) : error
      })
    }
  }

  async function untilBegun(signal: AbortSignal | undefined): Promise<void> {
    const late = new Promise<never>((_, reject) => {
      const timer = clock.timer(beginWaitMs, () =>
        reject(fail('STARTING', 'Berth has not yet seen what runs on the engine', { next: 'Try again in a few seconds.' })),
      )
      signal?.addEventListener('abort', () => reject(abortError(signal)), { once: true })
      gate.begin().then(timer.cancel, timer.cancel)
    })
    await Promise.race([gate.begin(), late])
  }

  return acquire
}
