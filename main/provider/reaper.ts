import { asBerthError } from '../../shared/errors.ts'
import type { Core } from './core.ts'
import { endSandbox } from './ending.ts'
import { usable, type Entry } from './entry.ts'
import { dueAt, idlePlan, pauseAt } from './idle.ts'
import { inspectSandbox } from './inspect.ts'
import { expired, touched } from './registry.ts'

export interface Reaper {
  /** Sets the one timer to the next moment at which something is due. */
  schedule(): void
  close(): void
}

/** Asking costs one HTTP call; a sandbox that says nothing within this is reaped as idle. */
const askMs = 2000
/** Look again after this while the engine cannot be asked. */
const outageMs = 5000

/** Lets holds run out and reaps warm sandboxes, each at its own moment. */
export function makeReaper(core: Core): Reaper {
  const { clock } = core.deps
  const asking = new Set<string>()
  let timer: { at: number; cancel(): void } | null = null
  let closed = false
  /** This backend freezes nothing. */
  let cannot = core.deps.backend.isolation === 'none'

  const idleMs = () => core.deps.config().idle_timeout * 1000
  const pauseMs = () => (cannot ? 0 : core.deps.config().pause_after * 1000)
  const busy = () => new Set([...core.flights.ids(), ...asking])

  function schedule(): void {
    if (closed) return
    const plan = idlePlan(core.table.all(), clock.now(), { idleMs: idleMs(), pauseMs: pauseMs() }, busy())
    for (const id of [...plan.expire, ...plan.reap, ...plan.pause]) void decide(id)
    if (timer && plan.next !== null && timer.at === plan.next) return
    timer?.cancel()
    timer = plan.next === null ? null : { at: plan.next, ...clock.timer(plan.next - clock.now(), again) }
  }

  function again(): void {
    timer = null
    schedule()
  }

  /** Due by our own clock: the sandbox itself is asked, as a client with its direct address may be working in it. */
  async function decide(id: string): Promise<void> {
    const entry = core.table.get(id)
    if (!usable(entry) || asking.has(id)) return
    asking.add(id)
    try {
      const seen = await lastSeen(entry)
      const now = core.table.get(id)
      if (closed || !usable(now) || now.sandbox.ref !== entry.sandbox.ref || core.flights.has(id)) return
      const fresh = seen === null ? now : touched(now, seen)
      if (fresh !== now) core.table.set(fresh)
      const due = dueAt(fresh, idleMs())
      if (due === null || due > clock.now()) {
        core.save(fresh)
        const freezing = pauseAt(fresh, pauseMs())
        if (freezing !== null && freezing <= clock.now()) await freeze(fresh)
      } else if (fresh.state === 'active' && fresh.thread === null) {
        endSandbox(core, fresh, { who: 'berth:idle', text: 'It was anonymous and its holder did nothing for a while', grace: 0 })
      } else if (fresh.state === 'active') {
        core.save(core.table.set(expired(fresh, clock.now()), { who: 'berth:idle', text: 'Its holders did nothing for a while: it is warm' }))
        core.trim()
      } else {
        endSandbox(core, fresh, { who: 'berth:idle', text: fresh.hinted ? 'Nobody came for whom it was made ready' : 'It was idle for too long', grace: core.deps.config().stop_grace })
      }
    } catch (error) {
      // Nothing may be concluded while the engine is away; look again later.
      core.deps.publish({ type: 'berth.problem', who: 'berth:idle', sandbox: id, text: `It could not be judged idle: ${asBerthError(error).message}` })
      await clock.sleep(outageMs)
    } finally {
      asking.delete(id)
      schedule()
    }
  }

  async function freeze(entry: Entry): Promise<void> {
    if (!usable(entry)) return
    try {
      await core.frost.freeze(entry)
    } catch (error) {
      if (asBerthError(error).code !== 'NOT_SUPPORTED') throw error
      cannot = true
    }
  }

  /** Monotonic ms of the last activity that the sandbox itself knows of; null: it knows nothing newer. */
  async function lastSeen(entry: Entry & { sandbox: NonNullable<Entry['sandbox']> }): Promise<number | null> {
    if (entry.sandbox.state === 'paused') return null
    const { api } = core.clients.of(entry.sandbox)
    try {
      const activity = await api.activity(askMs)
      if (activity.running > 0) return clock.now()
      return activity.idleSeconds === null ? null : clock.now() - activity.idleSeconds * 1000
    } catch (error) {
      const found = await inspectSandbox(core, entry.sandbox)
      if (found?.ref === entry.sandbox.ref && found.state === 'running') {
        core.deps.publish({ type: 'berth.problem', who: 'berth:idle', sandbox: entry.id, text: `It did not say what runs in it: ${asBerthError(error).message}` })
      }
      return null
    }
  }

  return {
    schedule,
    close() {
      closed = true
      timer?.cancel()
    },
  }
}
