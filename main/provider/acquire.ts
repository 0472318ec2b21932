import { asBerthError, fail } from '../../shared/errors.ts'
import type { Acquired } from '../../shared/sandbox.ts'
import { provenAlive } from './alive.ts'
import { untilBegun, type Beginning } from './beginning.ts'
import { outdated, type Core, type Landing } from './core.ts'
import type { Extras } from './deps.ts'
import { usable, type Entry } from './entry.ts'
import { abortError } from '../abort-error.ts'
import { orAborted } from './flights.ts'
import { obtain, type Wanted } from './obtain.ts'
import type { AcquireRequest } from './provider-api.ts'
import { held, heldUntilUsed } from './registry.ts'
import { acquiredOf } from './view.ts'

/** An engine that is gone may be restarting: an acquire waits this long for it before it fails with the cause. */
const outageWaitMs = 10_000

export interface Gate extends Beginning {
  /** Throws SHUTTING_DOWN once the doors are shut; otherwise gives the signal that aborts when they are. */
  admit(): AbortSignal
}

export function makeAcquire(core: Core, gate: Gate): (request: AcquireRequest) => Promise<Acquired> {
  const { deps, table, flights } = core
  const { clock } = deps

  async function acquire(request: AcquireRequest): Promise<Acquired> {
    const doors = gate.admit()
    const { user, thread, holder, program } = request
    if (program !== undefined) core.names.introduce(holder, program)
    const id = thread === null ? (request.anonymousId ?? deps.randomId()) : deps.idOf(user, thread)
    const extras = request.extraMounts ? await deps.extrasOf({ id, user, thread }, request.extraMounts) : null
    const client = thread === null ? (request.client ?? holder) : null
    const wanted: Wanted = { id, user, thread, client, extras, onlyExisting: request.onlyExisting ?? false }
    const signal = () => (request.signal ? AbortSignal.any([request.signal, doors]) : doors)
    for (let tries = 1; ; tries += 1) {
      const known = table.get(id)
      if (known && known.thread !== thread) throw anothersId(id)
      const firm = known?.leases.some((lease) => lease.holder === holder && !lease.provisional) ?? false
      const proven = usable(known) && !flights.has(id) && provenAlive(core, known)
      const landing: Landing = proven ? { path: 'reuse', warnings: [] } : await outlastOutage({ ...request, signal: signal() }, wanted)
      hold(id, request, firm && landing.path === 'reuse')
      // A hold is acknowledged once it outlives a crash; one that the disk knows already needs no word of it.
      if (!proven || !isHeld(known, holder)) await deps.leases.written(id)
      const entry = table.get(id)
      if (usable(entry) && isHeld(entry, holder)) {
        const got = acquiredOf(core, entry, holder, { ...landing, warnings: [...landing.warnings, ...extrasWarnings(core, entry, extras)] })
        // Told now: the disk may forget it.
        if (got.was_replaced) core.save(entry)
        return got
      }
      // Released or destroyed while the disk was told.
      if (thread === null || tries >= 3) throw lost()
    }
  }

  /** Who came aboard in the tick of the landing is not held yet. */
  function hold(id: string, request: AcquireRequest, firm: boolean): void {
    const entry = table.get(id)
    if (!usable(entry)) throw lost()
    core.save(table.set(awaited(held(entry, request.holder, clock.now(), clock.wall()), request, firm)))
  }

  /** `firm`: this holder has been here before and came for it, so one more acquire makes its hold no weaker. */
  function awaited<E extends Entry>(entry: E, { holder, provisionalMs }: AcquireRequest, firm: boolean): E {
    return provisionalMs === undefined || firm ? entry : heldUntilUsed(entry, holder, clock.now(), provisionalMs)
  }

  /** Unknown is not gone: while the engine does not answer, nothing is concluded, and the call is tried again. */
  async function outlastOutage(request: AcquireRequest & { signal: AbortSignal }, wanted: Wanted): Promise<Landing> {
    const { holder, who, report, signal } = request
    const began = clock.now()
    for (let pause = 200; ; pause = Math.min(pause * 2, 1000)) {
      try {
        await untilBegun(clock, gate, signal)
        return await flights.join(wanted.id, { holder, who, report }, signal, (flight) => obtain(core, wanted, flight))
      } catch (error) {
        const problem = asBerthError(error)
        if (signal.aborted) throw abortError(signal)
        // It joined the flight of somebody who wanted an existing one only.
        if (problem.code === 'SANDBOX_NOT_FOUND' && !wanted.onlyExisting) continue
        if (problem.code !== 'ENGINE_UNREACHABLE' || clock.now() - began > outageWaitMs) throw error
        report?.({ type: 'progress', step: 'engine', text: `Waiting for the container engine: ${problem.message}`, done: null, total: null })
      }
      await orAborted(clock.sleep(pause, signal), signal)
    }
  }

  return acquire
}

/** What whoever wanted certain extra mounts is told; an active sandbox is never replaced for their sake. */
function extrasWarnings(core: Core, entry: Entry, extras: Extras | null): string[] {
  if (extras === null) return []
  const others = entry.sandbox !== null && outdated(core, entry.sandbox, extras.hash) && !outdated(core, entry.sandbox, null)
  return [...extras.warnings, ...(others ? ['The sandbox is in use and stays as it is, with other extra mounts than were asked for'] : [])]
}

function anothersId(id: string): Error {
  return fail('IDENTITY_CONFLICT', `The id ${id} is that of another sandbox`, { next: 'Acquire without naming an id.' })
}
const isHeld = (entry: Entry, holder: string) => entry.leases.some((lease) => lease.holder === holder)

const lost = () => fail('SANDBOX_LOST', 'The sandbox ended as soon as it was there', { next: 'Acquire again.' })
