import { asBerthError, fail } from '../../shared/errors.ts'
import type { Acquired } from '../../shared/sandbox.ts'
import { provenAlive } from './alive.ts'
import type { Core, Landing } from './core.ts'
import { usable } from './entry.ts'
import { abortError, orAborted } from './flights.ts'
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
  /** Throws SHUTTING_DOWN once the doors are shut; otherwise gives the signal that aborts when they are. */
  admit(): AbortSignal
}

export function makeAcquire(core: Core, gate: Gate): (request: AcquireRequest) => Promise<Acquired> {
  const { deps, table, flights } = core
  const { clock } = deps

  async function acquire(request: AcquireRequest): Promise<Acquired> {
    const doors = gate.admit()
    const { user, thread, holder } = request
    const wanted: Wanted =
      thread === null
        ? { id: deps.randomId(), user, thread, client: request.client ?? holder }
        : { id: deps.idOf(user, thread), user, thread, client: null }
    const known = table.get(wanted.id)
    if (usable(known) && !flights.has(wanted.id) && provenAlive(core, known)) {
      const next = table.set(held(known, holder, clock.now(), clock.wall()))
      core.save(next)
      return acquiredOf(core, next, holder, { path: 'reuse', warnings: [] })
    }
    const signal = request.signal ? AbortSignal.any([request.signal, doors]) : doors
    const landing = await outlastOutage({ ...request, signal }, wanted)
    let entry = table.get(wanted.id)
    if (!usable(entry)) throw fail('SANDBOX_LOST', 'The sandbox ended as soon as it was there', { next: 'Acquire again.' })
    // Who came aboard in the tick of the landing is held here.
    if (!entry.leases.some((lease) => lease.holder === holder)) entry = table.set(held(entry, holder, clock.now(), clock.wall()))
    return acquiredOf(core, entry, holder, landing)
  }

  /** Unknown is not gone: while the engine does not answer, nothing is concluded, and the call is tried again. */
  async function outlastOutage(request: AcquireRequest & { signal: AbortSignal }, wanted: Wanted): Promise<Landing> {
    const { holder, who, report, signal } = request
    const began = clock.now()
    for (let pause = 200; ; pause = Math.min(pause * 2, 1000)) {
      try {
        await untilBegun(signal)
        return await flights.join(wanted.id, { holder, who, report }, signal, (flight) => obtain(core, wanted, flight))
      } catch (error) {
        const problem = asBerthError(error)
        if (signal.aborted) throw abortError(signal)
        if (problem.code !== 'ENGINE_UNREACHABLE' || clock.now() - began > outageWaitMs) throw error
        report?.({ type: 'progress', step: 'engine', text: `Waiting for the container engine: ${problem.message}`, done: null, total: null })
      }
      await orAborted(clock.sleep(pause, signal), signal)
    }
  }

  async function untilBegun(signal: AbortSignal): Promise<void> {
    const late = new AbortController()
    const timer = clock.timer(beginWaitMs, () =>
      late.abort(fail('STARTING', 'Berth has not yet seen what runs on the engine', { next: 'Try again in a few seconds.' })),
    )
    try {
      await orAborted(gate.begin(), AbortSignal.any([signal, late.signal]))
    } finally {
      timer.cancel()
    }
  }

  return acquire
}
