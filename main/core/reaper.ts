import { asBerthError } from '../../shared/errors.ts'
import { askSandbox } from './use.ts'
import type { Found } from '../backends/backend.ts'
import type { Core } from './core.ts'
import { endSandbox } from './ending.ts'
import { type Entry, expired, lapsed, touched, usable } from './registry.ts'
import { dueOf, idlePlan, type IdleTimes, idleTimes, pauseAt } from './idle.ts'

export interface Reaper {
  /** Sets the one timer to the next moment at which something is due. */
  schedule(): void
  close(): void
}

/** Look again after this while the engine cannot be asked. */
const outageMs = 5000

/** Lets holds run out and reaps warm sandboxes, each at its own moment. */
export function makeReaper(core: Core): Reaper {
  const { clock } = core.deps
  const asking = new Set<string>()
  let timer: { at: number; cancel(): void } | null = null
  let closed = false
  /** This backend freezes nothing. */
  let cannot = !core.deps.backend.traits.pause

  const times = (): IdleTimes => ({ ...idleTimes(core.deps.config()), ...(cannot ? { pauseMs: 0 } : {}) })
  const busy = () => new Set([...core.flights.ids(), ...asking])

  function schedule(): void {
    if (closed) return
    const plan = idlePlan(core.table.all(), clock.now(), times(), busy())
    for (const id of [...plan.expire, ...plan.reap, ...plan.pause]) void judge(id, idle)
    for (const id of plan.lapse) void judge(id, lapse)
    if (timer && plan.next !== null && timer.at === plan.next) return
    timer?.cancel()
    timer = plan.next === null ? null : { at: plan.next, ...clock.timer(plan.next - clock.now(), again) }
  }

  function again(): void {
    timer = null
    schedule()
  }

  /** Due by our own clock: the sandbox itself is asked before anything is done about it. */
  async function judge(id: string, act: (entry: Entry & { sandbox: Found }) => void | Promise<void>): Promise<void> {
    const entry = core.table.get(id)
    if (!usable(entry) || asking.has(id)) return
    asking.add(id)
    try {
      const { at } = await askSandbox(core, entry)
      const now = core.table.get(id)
      if (closed || !usable(now) || now.sandbox.ref !== entry.sandbox.ref || core.flights.has(id)) return
      const fresh = at === null ? now : touched(now, at)
      if (fresh !== now) core.table.set(fresh)
      await act(fresh)
    } catch (error) {
      // Nothing may be concluded while the engine is away; look again later.
      core.deps.publish({ type: 'berth.problem', who: 'berth:idle', sandbox: id, text: `It could not be judged idle: ${asBerthError(error).message}` })
      await clock.sleep(outageMs)
    } finally {
      asking.delete(id)
      schedule()
    }
  }

  async function idle(fresh: Entry & { sandbox: Found }): Promise<void> {
    const due = dueOf(fresh, times())
    if (due === null || due.at > clock.now()) {
      core.save(fresh)
      const freezing = pauseAt(fresh, times())
      if (freezing !== null && freezing <= clock.now()) await freeze(fresh)
    } else if (due.cause === null) {
      core.save(core.table.set(expired(fresh, clock.now()), { who: 'berth:idle', text: 'Its holders did nothing for a while: it is warm' }))
      core.trim()
    } else {
      // Nobody comes back for an anonymous one.
      endSandbox(core, fresh, { who: 'berth:idle', cause: due.cause, grace: fresh.thread === null ? 0 : core.deps.config().stop_grace })
    }
  }

  async function freeze(entry: Entry & { sandbox: Found }): Promise<void> {
    try {
      await core.pausing.freeze(entry)
    } catch (error) {
      if (asBerthError(error).code !== 'NOT_SUPPORTED') throw error
      cannot = true
    }
  }

  function lapse(fresh: Entry & { sandbox: Found }): void {
    const next = lapsed(fresh, clock.now())
    // Used after all, or ended meanwhile by somebody else.
    if (next === fresh) return
    if (next.state === 'active') core.save(core.table.set(next))
    else if (next.thread === null) endSandbox(core, next, { who: 'berth:idle', cause: 'unclaimed', grace: 0 })
    else {
      core.save(core.table.set(next, { who: 'berth:idle', text: 'Whoever acquired it never came for it: it is warm' }))
      core.trim()
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
