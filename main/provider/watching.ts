import { asBerthError, fail } from '../../shared/errors.ts'
import type { EngineEvent, Found } from '../backends/backend.ts'
import { adopt } from './adopt.ts'
import type { Core } from './core.ts'
import { discardFiles } from './ending.ts'
import { wake } from './alive.ts'
import { usable, type Entry } from './entry.ts'
import { stampedAt, type LeaseRecord } from './lease-record.ts'
import { loseSandbox, oweWord } from './loss.ts'
import { reconcile, type Action } from './reconcile.ts'
import { memoryWatch } from './memory-watch.ts'
import { frozen } from './registry.ts'
import { dropDirectory, recoverSlots, restarted, slotIsFree, sweepSlots } from './slot-recovery.ts'

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
      if (usable(entry)) loseSandbox(core, entry, event.type === 'die' ? (memory.deathOf(event.ref, event.exitCode) ?? 'its container ended') : 'its container was removed')
      core.clients.ended(event.ref, error)
      core.slots?.ended(event.ref)
    } else if ((event.type === 'pause' || event.type === 'unpause') && usable(entry) && !core.frost.own(event.ref)) {
      core.table.set(frozen(entry, event.type === 'pause', deps.clock.now()))
      // Somebody waits for what runs in it; they would wait for ever.
      if (event.type === 'pause' && entry.work > 0) void thaw(entry)
    }
  }

  async function thaw(entry: Entry & { sandbox: Found }): Promise<void> {
    try {
      await wake(core, entry)
    } catch (error) {
      deps.publish({ type: 'berth.problem', who: 'berth:engine', sandbox: entry.id, text: `It was frozen from outside and could not be woken: ${asBerthError(error).message}` })
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
    const frosty = core.frost.busy()
    const actions = reconcile({
      entries: core.table.all(),
      found,
      listedAt,
      busy: new Set([
        ...core.flights.ids(),
        ...core.endings.keys(),
        ...core.table.all().flatMap((it) => (it.sandbox && frosty.has(it.sandbox.ref) ? [it.id] : [])),
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
    void core.flights.send(id, (flight) => adopt(core, found, record, flight)).then(() => {
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
