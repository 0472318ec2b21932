import { asBerthError, fail } from '../../shared/errors.ts'
import type { EngineEvent, Found } from '../backends/backend.ts'
import type { Core, Landing } from './core.ts'
import { discardFiles, endSandbox } from './ending.ts'
import { wake } from './alive.ts'
import { creating, type Entry, frozen, held, started, usable } from './registry.ts'
import { type LeaseRecord, leasesOf, remember, stampedAt } from './lease-record.ts'
import { loseSandbox, oweWord } from './loss.ts'
import { type Action, reconcile } from './reconcile.ts'
import { adoptable, dropDirectory, recoverSlots, restarted, slotIsFree, sweepSlots } from './slot-recovery.ts'
import type { ProviderDeps } from './deps.ts'
import { proveReady } from './birth.ts'
import type { Flight } from './flights.ts'
import { obtain } from './obtain.ts'

export interface Watching {
  /** First listing; throws when the engine cannot be asked. Adoptions go on afterwards as flights. */
  begin(): Promise<void>
  /** Lists and acts. Calls meanwhile share the run that follows. */
  relist(): Promise<void>
  close(): void
}

/** A container that the engine did not let go is tried again after these: it takes a place, and somebody may wait for it. */
const strayRetryMs = [500, 1000, 3000]
/** Whoever was not back for this long is owed no word of a replacement. */
const owedMs = 86_400_000

/** Also without any event: what an outage or a bug left is found within this. */
const everyMs = 60_000

export function makeWatching(core: Core): Watching {
  const { deps } = core
  const memory = memoryWatch(core)
  let closed = false
  /** The engine was told lost, and not back since. */
  let away = false
  let records = new Map<string, LeaseRecord>()
  let adopting = 0
  let running: Promise<void> | null = null
  let queued: Promise<void> | null = null
  let timer: { cancel(): void } | null = null
  let strayTimer: { cancel(): void } | null = null
  let strayTries = 0

  function onEvent(event: EngineEvent): void {
    if (closed) return
    if (event.type === 'lost') {
      away = true
      return deps.publish({ type: 'engine.lost', who: 'berth:engine', text: `The container engine does not answer: ${event.reason}` })
    }
    if (event.type === 'back') {
      // Also when it is first heard: then it is not back from anywhere.
      if (away) deps.publish({ type: 'engine.back', who: 'berth:engine', text: 'The container engine answers again' })
      away = false
      void relistSafely()
      return
    }
    const entry = core.table.all().find((it) => it.sandbox?.ref === event.ref)
    if (event.type === 'oom') memory.ranOut(event.ref, entry)
    if (event.type === 'start') void verify(event.ref)
    if (event.type === 'die' || event.type === 'destroy') {
      const error = fail('SANDBOX_LOST', 'The sandbox ended', { next: 'Acquire again; the files of the thread are still there.' })
      if (usable(entry))
        loseSandbox(core, entry, event.type === 'die' ? (memory.deathOf(event.ref, event.exitCode) ?? 'its container ended') : 'its container was removed')
      core.clients.ended(event.ref, error)
      core.slots?.ended(event.ref)
    } else if ((event.type === 'pause' || event.type === 'unpause') && usable(entry) && !core.pausing.own(event.ref)) {
      core.table.set(frozen(entry, event.type === 'pause', deps.clock.now()))
      // Somebody waits for what runs in it; they would wait for ever.
      if (event.type === 'pause' && entry.work > 0) void thaw(entry)
    }
  }

  async function thaw(entry: Entry & { sandbox: Found }): Promise<void> {
    try {
      await wake(core, entry)
    } catch (error) {
      deps.publish({
        type: 'berth.problem',
        who: 'berth:engine',
        sandbox: entry.id,
        text: `It was frozen from outside and could not be woken: ${asBerthError(error).message}`,
      })
    }
  }

  /** A slot's container that somebody started again resolved its bind anew: whose files it sees now, nobody knows. */
  async function verify(ref: string): Promise<void> {
    const known = core.table.all().find((it) => it.sandbox?.ref === ref)
    try {
      if (!usable(known)) return core.slots?.restarted(ref)
      if (!(await restarted(core, known.sandbox))) return
      const now = core.table.get(known.id)
      if (usable(now) && now.sandbox.ref === ref) loseSandbox(core, now, 'it was started again by hand')
    } catch (error) {
      deps.publish({ type: 'berth.problem', who: 'berth:slots', text: `A container that was started could not be looked at: ${asBerthError(error).message}` })
    }
  }

  async function list(): Promise<void> {
    const listedAt = deps.clock.now()
    const [found] = await Promise.all([deps.backend.list(), core.image.look()])
    if (closed) return
    // Gone without us: nothing takes a place any more.
    for (const strays of [core.strays, core.staleSpares]) {
      for (const ref of strays.keys()) if (!found.some((it) => it.ref === ref)) strays.delete(ref)
    }
    core.slots?.listed(found, listedAt)
    const pausing = core.pausing.busy()
    const actions = reconcile({
      entries: core.table.all(),
      found,
      listedAt,
      busy: new Set([
        ...core.flights.ids(),
        ...core.endings.keys(),
        ...core.table.all().flatMap((it) => (it.sandbox && pausing.has(it.sandbox.ref) ? [it.id] : [])),
      ]),
      spares: { has: (slot) => core.slots?.knows(slot) ?? false },
      leased: new Set([...records].filter(([, record]) => record.holders.length > 0).map(([id]) => id)),
      idOf: deps.idOf,
    })
    await Promise.all(actions.map(act))
    await sweepSlots(core, found)
  }

  async function act(action: Action): Promise<void> {
    if (action.kind === 'lost' || action.kind === 'frozen') {
      const entry = core.table.get(action.id)
      if (!usable(entry)) return
      if (action.kind === 'frozen') core.table.set(frozen(entry, action.frozen, deps.clock.now()))
      else if (entry.sandbox.ref === action.ref) loseSandbox(core, entry, action.reason)
      return
    }
    const { found } = action
    const about = { who: 'berth:reconcile', ...(found.id === null ? {} : { sandbox: found.id }), details: { name: found.name, container: found.ref } }
    if (action.kind === 'adopt') return launch(found)
    deps.publish({ ...about, type: `sandbox.${action.kind === 'remove' ? 'removed' : 'refused'}`, text: `A container of ours is not used: ${action.reason}` })
    if (action.kind === 'remove') await remove(found)
  }

  /** Tried once; what the engine does not let go now is listed again, and counted until then. */
  function remove(found: Found): Promise<void> {
    const strays = found.slot !== undefined && found.id === null ? core.staleSpares : core.strays
    const known = strays.get(found.ref)
    if (known) return known
    const removing = (async () => {
      try {
        if (found.slot !== undefined && !(await slotIsFree(core, found.slot, found.id))) return void strays.delete(found.ref)
        await deps.backend.remove(found.ref, 0)
        if (found.slot !== undefined) await dropDirectory(core, found.slot)
        if (found.thread === null && found.id !== null && found.user !== null) await discardFiles(core, { id: found.id, user: found.user, thread: null })
        strays.delete(found.ref)
        strayTries = 0
        core.tickets.pump()
      } catch (error) {
        strays.set(found.ref, null)
        deps.publish({ type: 'sandbox.stuck', who: 'berth:reconcile', text: `${found.name} could not be removed yet: ${asBerthError(error).message}` })
        strayTimer ??= deps.clock.timer(strayRetryMs[Math.min(strayTries, strayRetryMs.length - 1)] ?? 3000, () => {
          strayTimer = null
          strayTries += 1
          void relistSafely()
        })
      }
    })()
    strays.set(found.ref, removing)
    return removing
  }

  /** An adoption may take as long as a boot, so nobody waits for it but the acquires of its own thread. */
  function launch(found: Found): void {
    const { id } = found
    if (id === null) return
    const record = records.get(id)
    records.delete(id)
    adopting += 1
    void core.flights
      .send(id, (flight) => adopt(core, found, record, flight))
      .then(() => {
        adopting -= 1
        // A crash in the middle of evictions leaves more than are kept. Who goes is known once all were looked at.
        if (adopting === 0 && !closed) core.trim()
      })
  }

  /** Records that no container answered to: whoever held those is told at the next acquire. */
  function tellTheLost(): void {
    for (const [id, record] of records) {
      const { holders, untold = [], replaced } = record
      const forgotten = deps.clock.now() - stampedAt(record, deps.clock, deps.uptime()) > owedMs
      // An anonymous one's holder has nothing to come back to.
      if (holders.length + untold.length === 0 || record.client !== undefined || forgotten) deps.leases.remove(id)
      else oweWord(core, id, new Set([...untold, ...holders.map(({ holder }) => holder)]), holders.length > 0 ? replaced + 1 : replaced, record)
    }
    records.clear()
  }

  function relist(): Promise<void> {
    if (running) {
      const next = () => {
        queued = null
        return relist()
      }
      queued ??= running.then(next, next)
      return queued
    }
    running = list().finally(() => {
      running = null
    })
    return running
  }

  async function relistSafely(): Promise<void> {
    try {
      await relist()
    } catch (error) {
      deps.publish({ type: 'berth.problem', who: 'berth:reconcile', text: `The engine could not be listed: ${asBerthError(error).message}` })
    }
  }

  function arm(): void {
    timer = deps.clock.timer(everyMs, () => {
      void relistSafely()
      arm()
    })
  }

  return {
    async begin() {
      if (core.watch.current === null) {
        records = await deps.leases.load()
        core.watch.current = deps.backend.watch(onEvent)
        arm()
      }
      await recoverSlots(core)
      await relist()
      // Closed meanwhile: nothing was looked at, so nothing is lost.
      if (closed) return
      tellTheLost()
      core.slots?.open()
    },
    relist,
    close() {
      closed = true
      timer?.cancel()
      strayTimer?.cancel()
      core.watch.current?.close()
    },
  }
}

/** The engine says it once for each process that goes; a person wants to hear of it once. */
const onceWithinMs = 5_000
/** A container that is killed so soon after its memory ran out was killed for that. */
const causeWithinMs = 10_000
/** Of a process that was ended by SIGKILL. */
const killed = 137

/** All that it needs of the provider. */
interface Needs {
  readonly clock: Pick<ProviderDeps['clock'], 'now'>
  readonly config: () => { readonly resources: Pick<ReturnType<ProviderDeps['config']>['resources'], 'memory'> }
  readonly publish: ProviderDeps['publish']
}

/** Memory that ran out in sandboxes: told as it happens, and remembered as the cause of what ends next. */
export function memoryWatch({ deps }: { readonly deps: Needs }) {
  const { clock, config, publish } = deps
  const last = new Map<string, { at: number; toldAt: number }>()
  const limit = () => {
    const { memory } = config().resources
    return memory === null ? 'the machine had no memory left' : `its limit of ${memory} (\`resources.memory\`) was reached`
  }
  return {
    ranOut(ref: string, entry: Pick<Entry, 'id' | 'user' | 'thread'> | undefined): void {
      const now = clock.now()
      for (const [known, { at }] of last) if (now - at > causeWithinMs) last.delete(known)
      const toldAt = last.get(ref)?.toldAt ?? Number.NEGATIVE_INFINITY
      const tell = now - toldAt > onceWithinMs
      last.set(ref, { at: now, toldAt: tell ? now : toldAt })
      if (!tell || !entry) return
      const { id, user, thread } = entry
      publish({
        type: 'sandbox.oom',
        who: 'berth:engine',
        sandbox: id,
        user,
        thread,
        text: `Out of memory (oom): ${limit()}, and the kernel ended processes in it`,
      })
    },
    /** Why a container ended, where memory is why; null: nothing is known of it. */
    deathOf(ref: string, exitCode: number | undefined): string | null {
      const ranOut = last.get(ref)
      last.delete(ref)
      const forMemory = ranOut !== undefined && clock.now() - ranOut.at <= causeWithinMs && (exitCode === undefined || exitCode === killed)
      return forMemory ? `it ran out of memory: ${limit()}` : null
    },
  }
}

/**
 * A running container of ours that memory does not know: after a restart, or after the event stream was lost. It is
 * proven to answer first; meanwhile an acquire of its thread waits in the same flight. One that never answers goes.
 */
async function adopt(core: Core, listed: Found, record: LeaseRecord | undefined, flight: Flight<Landing>): Promise<Landing> {
  const { deps } = core
  const { clock } = deps
  const { id, user, thread } = listed
  let found = listed
  if (id === null || user === null) return { path: 'found', warnings: [] }
  const before = core.table.get(id)
  for (const { holder, name } of record?.holders ?? []) if (name !== undefined) core.names.set(holder, name)
  if (record?.untold) remember(core.untold, id, new Set(record.untold))
  core.table.set(
    {
      ...creating({ id, user, thread, client: record?.client ?? null, name: found.name }, clock.now(), clock.wall(), before),
      replaced: record?.replaced ?? before?.replaced ?? 0,
      sandbox: found,
      nonce: found.nonce,
    },
    { who: 'berth:reconcile', text: 'A running sandbox was found' },
  )
  const settled = () => {
    const now = core.table.get(id)
    if (now?.state !== 'creating') return null
    const at = record ? Math.min(stampedAt(record, clock, deps.uptime()), clock.now()) : clock.now()
    const entry = started(now, { ...found, state: 'running' }, clock.now(), record ? leasesOf(record, clock.now()) : [], at)
    // Warm for as long as it had been: a crash loop must not keep it for ever.
    return { ...entry, since: Math.min(entry.since, at) }
  }
  try {
    found = await outlast(core, flight.signal, () => adoptable(core, listed))
    if (found !== listed)
      core.table.set({
        ...creating({ id, user, thread, client: record?.client ?? null, name: found.name }, clock.now(), clock.wall(), core.table.get(id)),
        replaced: record?.replaced ?? before?.replaced ?? 0,
        sandbox: found,
        nonce: found.nonce,
      })
    if (found.state === 'paused') await deps.backend.unpause(found.ref)
    await proveReady(core, found, flight.signal)
  } catch (error) {
    const now = core.table.get(id)
    // Berth closes: whether it stays is decided there, like for any other.
    const left = flight.signal.aborted ? settled() : null
    if (left) core.table.set(left)
    else if (now?.state === 'creating') {
      await endSandbox(core, now, { who: 'berth:reconcile', cause: 'unready', grace: 0, why: asBerthError(error).message }).first.catch(() => undefined)
      const holders = record && thread !== null ? leasesOf(record, clock.now()).map(({ holder }) => holder) : []
      if (holders.length > 0) oweWord(core, id, new Set([...(core.untold.get(id) ?? []), ...holders]), now.replaced + 1)
    }
    // Whoever waits for this thread is not to suffer for what somebody did to a container: it starts anew.
    if (asBerthError(error).code === 'IDENTITY_CONFLICT' && flight.holders().length > 0)
      return await obtain(core, { id, user, thread, client: record?.client ?? null }, flight)
    throw error
  }
  let entry: Entry | null = settled()
  if (entry === null) return { path: 'found', warnings: [] }
  for (const holder of flight.holders()) entry = held(entry, holder, clock.now(), clock.wall())
  core.table.set(entry, { who: 'berth:reconcile', text: entry.leases.length > 0 ? 'It is in use as before' : 'It is warm' })
  core.save(entry)
  const landing: Landing = { path: 'found', warnings: [] }
  flight.land(landing)
  return landing
}

/** For how long an engine or a disk that does not answer is asked again: unknown is not gone. */
const outageMs = 10_000
/** Answers, after which nothing need be asked again. */
const known: ReadonlySet<string> = new Set(['IDENTITY_CONFLICT', 'NAME_TAKEN', 'SANDBOX_LOST', 'INTERNAL'])

async function outlast<T>(core: Core, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  const { clock } = core.deps
  for (const began = clock.now(); ;) {
    try {
      return await ask()
    } catch (error) {
      if (known.has(asBerthError(error).code) || signal.aborted || clock.now() - began > outageMs) throw error
      await clock.sleep(200, signal)
    }
  }
}
