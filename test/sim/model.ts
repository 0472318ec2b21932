import type { Acquired } from '../../shared/sandbox.ts'
import type { NewEvent } from '../../shared/events.ts'
import type { SimProcess } from '../support/sim-clock.ts'
import type { SimContainer, SimWorld } from '../support/sim-engine.ts'
import { simDisk, type SimDisk } from '../support/sim-disk.ts'
import type { House } from './house.ts'
import type { Settings } from './actions.ts'

/** A hold as its holder sees it. */
export interface Hold {
  readonly id: string
  readonly user: string
  readonly thread: string | null
  readonly holder: string
  readonly ref: string
  readonly at: number
  readonly anonymous: boolean
}

export interface Call {
  readonly kind: string
  readonly about: string
  readonly id: string | null
  readonly holder: string | null
  readonly at: number
  readonly process: SimProcess
  /** Set while an acquire last said that it waits for a place: when it joined the line. */
  queuedAt: number | null
  /** When its place was granted. */
  wentOnAt: number | null
}

/** What the clients of a history know, kept apart from the provider, to be held against it. */
export interface Model {
  readonly world: SimWorld
  readonly settings: Settings
  readonly disk: SimDisk
  readonly everMade: Map<string, SimContainer>
  readonly holds: Map<string, Hold>
  /** By container: when a client last did something with it, and how many calls run in it. */
  readonly activity: Map<string, number>
  readonly work: Map<string, number>
  readonly calls: Set<Call>
  /** By id: when it was last asked to be destroyed. */
  readonly destroyed: Map<string, number>
  readonly removing: Map<string, number>
  /** Acknowledged writes: directory, file, content. */
  readonly written: { readonly source: string; readonly name: string; readonly content: string }[]
  /** Containers that somebody else started again; they are nobody's decision of Berth's. */
  readonly restarted: Set<string>
  /** Holders whose sandbox ended under them and who have not come back since. */
  readonly owed: Set<string>
  readonly anonymousIds: Set<string>
  endedAllAt: number
  /** Shutdowns on their way. */
  endingAll: number
  /** Since when a place has been free while somebody waited for one. */
  freeSince: number | null
  house: House | null
  violation: string | null
}

export function makeModel(world: SimWorld, settings: Settings): Model {
  return {
    world,
    settings,
    disk: simDisk(),
    everMade: new Map(),
    holds: new Map(),
    activity: new Map(),
    work: new Map(),
    calls: new Set(),
    destroyed: new Map(),
    removing: new Map(),
    written: [],
    restarted: new Set(),
    owed: new Set(),
    anonymousIds: new Set(),
    endedAllAt: -Infinity,
    endingAll: 0,
    freeSince: null,
    house: null,
    violation: null,
  }
}

export const holdKey = (id: string, holder: string): string => `${id} ${holder}`

/** The first one counts: what follows is often only its consequence. */
export function violate(model: Model, text: string): void {
  if (model.violation !== null) return
  model.violation = text
  model.world.trace(`VIOLATION ${text}`)
}

/** Below this much of idle_timeout a hold has certainly not run out. */
const slackMs = 300

export function fresh(model: Model, ref: string): boolean {
  if (model.settings.idle === 0 || (model.work.get(ref) ?? 0) > 0) return true
  return model.world.time.now() - (model.activity.get(ref) ?? -Infinity) < model.settings.idle * 1000 - slackMs
}

/** A client did something. Holds that may have run out before are no longer counted on. */
export function active(model: Model, ref: string): void {
  if (!fresh(model, ref)) for (const [key, hold] of model.holds) if (hold.ref === ref) model.holds.delete(key)
  model.activity.set(ref, model.world.time.now())
}

/** A place was given to a thread: all who wait for it go on; of anonymous acquires, the holder's first. */
export function granted(model: Model, event: NewEvent): void {
  if (event.type !== 'sandbox.creating') return
  const waiting = [...model.calls].filter((call) => call.kind === 'acquire' && call.queuedAt !== null && call.wentOnAt === null)
  const theirs =
    event.thread === null
      ? waiting.filter((call) => call.id === null && call.holder === event.who).slice(0, 1)
      : waiting.filter((call) => call.id === event.sandbox)
  for (const call of theirs) call.wentOnAt = model.world.time.now()
}

export function acquiredHold(model: Model, got: Acquired, anonymous: boolean): void {
  if (got.container === null) return
  active(model, got.container)
  const at = model.world.time.now()
  model.holds.set(holdKey(got.id, got.holder), { id: got.id, user: got.user, thread: got.thread, holder: got.holder, ref: got.container, at, anonymous })
}

/** kill -9: only what the disk says survives, and what the disk says of the last activity. */
export function forgetAfterCrash(model: Model): void {
  const { time } = model.world
  for (const call of [...model.calls]) if (!call.process.alive()) model.calls.delete(call)
  model.owed.clear()
  model.work.clear()
  // What it had asked the engine to remove may go at any later moment, or never.
  for (const ref of model.removing.keys()) {
    const container = model.everMade.get(ref)
    if (container) container.touchedAt = Infinity
  }
  model.removing.clear()
  model.endingAll = 0
  for (const [key, hold] of model.holds) {
    const record = model.disk.leases.get(hold.id)
    const stamped = record?.holders.some((it) => it.holder === hold.holder) === true ? record.uptime : null
    if (!stamped) model.holds.delete(key)
    else model.activity.set(hold.ref, time.now() - (time.uptime() - stamped.seconds * 1000))
  }
}
