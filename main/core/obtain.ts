import { abortError, orAborted } from '../../shared/abort.ts'
import { asBerthError, type BerthError, fail } from '../../shared/errors.ts'
import { checkAlive, provenAlive } from './alive.ts'
import { type Born, giveBirth } from './birth.ts'
import { claimSlot, unstick } from './claiming.ts'
import { type Beginning, type Core, type Landing, nameOf, outdated, untilBegun } from './core.ts'
import type { Extras } from './deps.ts'
import { endSandbox } from './ending.ts'
import { atStep, creating, type Entry, failed, held, heldUntilUsed, started, touched, usable } from './registry.ts'
import type { Flight } from './flights.ts'
import { loseSandbox } from './loss.ts'
import type { Acquired } from '../../shared/sandbox.ts'
import type { AcquireRequest } from './provider-api.ts'
import { acquiredOf } from './view.ts'

interface Wanted {
  readonly id: string
  readonly user: string
  readonly thread: string | null
  /** The client that makes an anonymous one; null otherwise. */
  readonly client: string | null
  /** null: whoever asks does not care which extra mounts it has. */
  readonly extras?: Extras | null
  /** Nothing is made, and nothing is waited for to go. */
  readonly onlyExisting?: boolean
  /** Nobody has come yet: made ready for whoever was announced. */
  readonly hint?: boolean
}

/**
 * One flight: registry, proven alive; else warm; else found by name; else a new one. After every wait the registry
 * is asked again, since anything may have happened meanwhile. Lands in the same tick in which the holds are committed.
 */
export async function obtain(core: Core, wanted: Wanted, flight: Flight<Landing>): Promise<Landing> {
  for (;;) {
    if (flight.signal.aborted) throw abortError(flight.signal)
    const entry = core.table.get(wanted.id)
    if (wanted.onlyExisting && !usable(entry)) throw notThere(wanted)
    if (entry?.state === 'stopping') {
      await untilGone(core, entry, flight.signal)
    } else if (usable(entry)) {
      if (entry.state !== 'active' && outdated(core, entry.sandbox, wanted.extras?.hash ?? null)) {
        endSandbox(core, entry, { who: 'berth:provider', cause: 'outdated', grace: 0 })
        continue
      }
      const { ref } = entry.sandbox
      // Its image may have been built anew since: asked beside the proof, so that nobody waits for it.
      const image = entry.state === 'active' ? null : core.image.look()
      const verdict = await checkAlive(core, entry, flight.signal)
      await image
      const now = core.table.get(wanted.id)
      if (!usable(now) || now.sandbox.ref !== ref) continue
      if (now.state !== 'active' && outdated(core, now.sandbox, wanted.extras?.hash ?? null)) continue
      if (verdict.alive) return land(core, now, flight, { path: now.state === 'active' ? 'reuse' : 'warm', warnings: [] })
      loseSandbox(core, now, verdict.reason)
    } else {
      return await begin(core, wanted, entry, flight)
    }
  }
}

function notThere(wanted: Wanted): BerthError {
  return fail('SANDBOX_NOT_FOUND', `There is no sandbox ${wanted.thread === null ? `with id ${wanted.id}` : `of thread ${wanted.thread}`}`, {
    next: 'Acquire it without asking for an existing one only.',
  })
}

async function untilGone(core: Core, entry: Entry, signal: AbortSignal): Promise<void> {
  const ending = core.endings.get(entry.id)
  if (!ending) return
  // The first try failing is the answer to give; when it succeeds the entry is gone.
  await orAborted(ending.first, signal)
}

/** Takes a place, then makes the sandbox. The entry is `creating` from the tick in which the place was free. */
async function begin(core: Core, wanted: Wanted, before: Entry | undefined, flight: Flight<Landing>): Promise<Landing> {
  const { deps } = core
  const config = deps.config()
  const warnings: string[] = []
  let waited = false
  await core.tickets.wait({
    signal: flight.signal,
    timeoutMs: config.capacity.acquire_timeout * 1000,
    replicas: config.replicas,
    take: (over) => {
      const entry = creating(
        { id: wanted.id, user: wanted.user, thread: wanted.thread, client: wanted.client, name: nameOf(core, wanted.id) },
        deps.clock.now(),
        deps.clock.wall(),
        before,
      )
      const who = flight.who()
      core.table.set({ ...entry, image: config.image, replaced: core.replacements.get(wanted.id) ?? entry.replaced }, { who, text: 'A sandbox is being made' })
      if (waited) flight.report({ type: 'progress', step: 'create', text: 'A place is free', done: null, total: null })
      if (over <= 0) return
      const warning = `All ${config.replicas} sandboxes are in use: this one is ${over} over sandbox.replicas`
      warnings.push(warning)
      deps.publish({ type: 'capacity.over', who, sandbox: wanted.id, user: wanted.user, thread: wanted.thread, text: warning })
    },
    waiting: (ahead) => {
      waited = true
      flight.report({ type: 'progress', step: 'queue', text: `Waiting for a place, ${ahead} ahead`, done: null, total: null })
    },
  })
  return await make(core, wanted, flight, warnings)
}

async function make(core: Core, wanted: Wanted, flight: Flight<Landing>, warnings: string[]): Promise<Landing> {
  const { deps } = core
  const entry = core.table.get(wanted.id)
  if (entry === undefined) throw abortError(flight.signal)
  const noting: Flight<Landing> = {
    ...flight,
    report: (progress) => {
      const now = core.table.get(wanted.id)
      if (now?.state === 'creating' && now.step !== progress.text) core.table.set(atStep(now, progress.text))
      flight.report(progress)
    },
  }
  try {
    await unstick(core, wanted.id)
    // What only this thread has mounted, no spare one has.
    const plain = (wanted.extras?.mounts.length ?? 0) === 0
    const spare = plain ? await claimSlot(core, entry, flight.signal) : null
    const { found, path }: Born = spare ? { found: spare, path: 'slot' } : await giveBirth(core, entry, wanted.extras ?? null, noting, flight.signal)
    core.slots?.arrived()
    const now = core.table.get(wanted.id)
    if (now?.state !== 'creating' || flight.signal.aborted) throw abortError(flight.signal)
    if (core.clients.hasEnded(found.ref)) {
      throw fail('START_FAILED', 'The sandbox ended right after it had started', { next: 'Acquire again; if it repeats, look at the image.' })
    }
    core.replacements.delete(wanted.id)
    const leases = flight.holders().map((holder) => ({ holder, since: deps.clock.wall() }))
    const at = deps.clock.now()
    // It answered: it runs, whatever the engine said while it was starting.
    const next = started(now, { ...found, state: 'running' }, at, leases, at)
    core.table.set(wanted.hint && leases.length === 0 ? { ...next, hinted: true } : next, {
      who: flight.who(),
      text: bornAs[path],
      details: { path, ms: Math.round(at - now.since) },
    })
    return finish(core, wanted.id, flight, { path, warnings })
  } catch (error) {
    const reason = flight.signal.aborted ? abortError(flight.signal) : asBerthError(error)
    await giveUp(core, wanted, reason, flight)
    throw reason
  }
}

/**
 * A creation that failed: what there may be of it is removed, and its place is free once the engine says so. It stays
 * visible with its reason, unless its caller ended it or it had no thread.
 */
async function giveUp(core: Core, wanted: Wanted, error: BerthError, flight: Flight<Landing>): Promise<void> {
  const now = core.table.get(wanted.id)
  if (now?.state !== 'creating') return
  const who = flight.who()
  const visible = !flight.signal.aborted && wanted.thread !== null
  if (now.nonce !== null || now.sandbox !== null) {
    // Its own failure is told and tried again there; here the first reason counts.
    await endSandbox(core, now, { who, cause: 'failed', grace: 0, error, visible }).first.catch(() => undefined)
  } else {
    if (visible) core.table.set(failed(now, error, core.deps.clock.now()), { who, text: error.message, details: { code: error.code } })
    else core.table.drop(wanted.id, { who, text: error.message })
    if (wanted.thread === null) await core.deps.discard(wanted)
  }
}

const bornAs = { cold: 'A new sandbox is ready', slot: 'It was given a sandbox that was kept ready', found: 'A sandbox was found again' } as const

/** Everybody aboard holds it from this tick on. */
function land(core: Core, entry: Entry, flight: Flight<Landing>, landing: Landing): Landing {
  const { clock } = core.deps
  const holders = flight.holders()
  // Made ready for somebody who is to come: its time begins anew.
  let next = holders.length === 0 ? touched(entry, clock.now()) : entry
  for (const holder of holders) next = held(next, holder, clock.now(), clock.wall())
  if (next !== entry) {
    const who = flight.who()
    core.table.set(
      next,
      entry.state === 'active' || holders.length === 0
        ? undefined
        : { who, text: 'A warm sandbox is in use again', details: { path: 'warm', from: entry.state } },
    )
  }
  return finish(core, entry.id, flight, landing)
}

function finish(core: Core, id: string, flight: Flight<Landing>, landing: Landing): Landing {
  const entry = core.table.get(id)
  if (entry) core.save(entry)
  flight.land(landing)
  return landing
}

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
