import { abortError, orAborted } from '../../shared/abort.ts'
import { asBerthError, fail } from '../../shared/errors.ts'
import { listeners } from '../../shared/listeners.ts'
import type { SlotRow } from '../../shared/state.ts'
import type { Found, SandboxSpec } from '../backends/backend.ts'
import { proveReady } from './birth.ts'
import { type Core, hashWith, outdated } from './core.ts'
import { slotName } from './alive.ts'
import { innerTargets, type SlotFiles } from './slot-deps.ts'
import { bytesOfOne, nextSlot, slotPlan, type SlotView, spoiltReason, wantedSpares } from './slots-plan.ts'
import { dropDirectory, takenOut } from './slot-recovery.ts'
import type { NotEnded, Slots, Spare } from './slots-api.ts'

interface Slot extends Omit<SlotView, 'outdated'> {
  readonly nonce: string
  /** As its label has it. */
  hash: string
  /** What its mounts were when it was started. */
  seen: string
  readonly row: Omit<SlotRow, 'state'>
  state: SlotView['state']
  found: Found | null
  started: string
  /** Somebody waits for it to be ready: it is nobody else's. */
  promised: PromiseWithResolvers<void> | null
  gone: Promise<void> | null
  /** The first try to end it. */
  tried: Promise<Tried> | null
  /** It was marked as a thread's before it was ended. */
  claimed: boolean
}

/** `left`: why its container is still there. Neither: it is somebody's by now. */
interface Tried {
  readonly gone: boolean
  readonly left: string | null
}

/** A claim is followed by a first command: the next slot waits for this long, so as not to slow that down. */
const pauseMs = 150
const shortPauseMs = 30
const retryMs = [1000, 5000, 15_000, 60_000]
/** Containers that wait to be removed are looked at again after this. */
const strayMs = 1000
/** An image that is being made ready is asked for again after this. */
const imageMs = 1000
/** Until one has been made: how long that is taken to last. */
const guessMs = 1500

export function makeSlots(core: Core, files: SlotFiles): Slots {
  const { deps } = core
  const { clock } = deps
  const slots = new Map<string, Slot>()
  const { tell: changed, on: onChange } = listeners()
  const arrivals: number[] = []
  let control: AbortController | null = null
  let timer: { at: number; cancel(): void } | null = null
  let notBefore = 0
  let failures = 0
  let makeMs = guessMs
  let closed = false
  let problem: string | null = null
  let proven: boolean | null = null
  /** Slots are of no use under this configuration, of this image. */
  let hopeless: string | null = null
  /** How many in a row were found unfit for everybody. */
  let spoilt = 0

  const nameOf = (slot: string) => slotName(core, slot)
  const view = (): SlotView[] =>
    [...slots.values()].map((it) => ({ slot: it.slot, state: it.state, madeAt: it.madeAt, outdated: outdated(core, { configHash: it.hash }, null) }))
  const never = () => deps.backend.traits.noSlots
  const why = () => never() ?? (hopeless === hashWith(core, '') ? problem : null)
  const byRef = (ref: string) => [...slots.values()].find((it) => it.found?.ref === ref)

  function wanted(): number {
    return why() === null ? desired() : 0
  }

  function desired(): number {
    const config = deps.config()
    const each = bytesOfOne(config, deps.backend.traits)
    return wantedSpares({ setting: config.spares, arrivals, now: clock.now(), makeMs, ...each })
  }

  function schedule(): void {
    if (control === null) return
    const { start, drop } = slotPlan(view(), wanted())
    for (const slot of drop) void end(slot, false)
    if (start === 0) return
    // What an earlier life left counts until it is gone.
    if (core.staleSpares.size > 0) return arm(clock.now() + strayMs)
    if (clock.now() < notBefore) return arm(notBefore)
    for (let n = 0; n < start; n += 1) void make(control.signal)
  }

  function arm(at: number): void {
    if (timer !== null && timer.at <= at) return
    timer?.cancel()
    const run = () => {
      timer = null
      schedule()
    }
    timer = { at, ...clock.timer(Math.max(1, at - clock.now()), run) }
  }

  function later(ms: number): void {
    notBefore = clock.now() + ms
    arm(notBefore)
  }

  async function make(signal: AbortSignal): Promise<void> {
    const id = deps.randomId()
    const image = deps.backend.traits.images === 'none' ? null : deps.config().image
    const slot: Slot = {
      slot: id,
      row: { name: nameOf(id), image, created_at: new Date(clock.wall()).toISOString() },
      nonce: deps.randomId() + deps.randomId(),
      hash: hashWith(core, ''),
      seen: '',
      state: 'starting',
      madeAt: clock.now(),
      found: null,
      started: '',
      promised: null,
      gone: null,
      tried: null,
      claimed: false,
    }
    slots.set(slot.slot, slot)
    changed()
    try {
      if (!(await imageThere())) {
        slots.delete(slot.slot)
        changed()
        return later(imageMs)
      }
      const leave = await core.starts.pass(signal)
      const began = clock.now()
      try {
        await start(slot, signal)
        makeMs = clock.now() - began
      } finally {
        leave()
      }
      if (signal.aborted) throw abortError(signal)
      slot.state = slot.promised === null ? 'ready' : 'claiming'
      slot.promised?.resolve()
      failures = 0
      if (problem !== null) deps.publish({ type: 'slots.ready', who: 'berth:slots', text: 'Spare sandboxes are there again' })
      problem = null
      changed()
      schedule()
    } catch (error) {
      if (!signal.aborted && slot.state === 'starting') failed(asBerthError(error).message)
      await end(slot.slot, false)
    }
  }

  /** Not fetched for a slot: whoever needs it does that, and the keeper of the image. */
  async function imageThere(): Promise<boolean> {
    const { image } = deps.config()
    if (core.images.has(image)) return true
    return await deps.backend.prepared(image)
  }

  async function start(slot: Slot, signal: AbortSignal): Promise<void> {
    await files.make(slot.slot)
    const config = deps.config()
    const [{ mounts, seen }] = await Promise.all([deps.slotMountsOf(slot.slot), core.image.look()])
    Object.assign(slot, { seen, hash: hashWith(core, '') })
    const spec: SandboxSpec = {
      id: slot.slot,
      user: 'slot',
      thread: null,
      slot: slot.slot,
      name: nameOf(slot.slot),
      image: config.image,
      key: deps.keyOf(slot.nonce) ?? '',
      nonce: slot.nonce,
      mounts,
      environment: config.environment,
      resources: config.resources,
      runsAs: config.user,
      port: config.port,
      configHash: slot.hash,
    }
    const found = await deps.backend.create(spec, signal)
    slot.found = found
    await proveReady(core, found, signal)
    const started = await deps.backend.startedAt(found.ref)
    if (started === null) throw fail('START_FAILED', 'A spare sandbox ended while it was started', { next: 'Berth starts another.' })
    slot.started = started
    const { api } = core.clients.of(found)
    if (!(await files.untouched(slot.slot, innerTargets(found)))) throw noneAnyMore(spoiltReason)
    const reason = await files.prove(slot.slot, async (name) => new TextDecoder().decode(await api.read(`/mnt/user-data/${name}`)))
    proven = reason === null
    if (reason !== null) throw noneAnyMore(reason)
  }

  /** Until the configuration or its image is another. */
  function noneAnyMore(reason: string): Error {
    hopeless = hashWith(core, '')
    return fail('NOT_SUPPORTED', `New threads start cold: ${reason}`, { next: '`berth doctor` says more.' })
  }

  function failed(reason: string): void {
    if (problem !== reason) deps.publish({ type: 'slots.problem', who: 'berth:slots', text: reason })
    problem = reason
    changed()
    later(retryMs[Math.min(failures, retryMs.length - 1)] ?? 60_000)
    failures += 1
  }

  function end(name: string, claimed: boolean): Promise<void> {
    const slot = slots.get(name)
    if (!slot) return Promise.resolve()
    if (slot.gone === null) {
      slot.state = 'ending'
      slot.claimed = claimed
      slot.promised?.resolve()
      changed()
      if (slot.found) core.clients.ended(slot.found.ref, fail('SANDBOX_LOST', 'A spare sandbox was ended', { next: 'Berth starts another.' }))
      slot.tried = attempt(slot)
      slot.gone = ending(slot, slot.tried)
    }
    return slot.gone
  }

  /** Tried until the engine lets go; its directory goes last, and only its own. */
  async function ending(slot: Slot, first: Promise<Tried>): Promise<void> {
    let tried = await first
    if (tried.left !== null) deps.publish({ type: 'slots.stuck', who: 'berth:slots', text: `A spare sandbox could not be removed yet: ${tried.left}` })
    // What does not go now is looked for at the next start.
    for (let tries = 0; tried.left !== null && !closed; tries += 1) {
      await clock.sleep(retryMs[Math.min(tries, retryMs.length - 1)] ?? 60_000)
      tried = await attempt(slot)
    }
    if (tried.gone) await dropDirectory(core, slot.slot)
    slots.delete(slot.slot)
    schedule()
  }

  async function attempt(slot: Slot): Promise<Tried> {
    try {
      const there = (await files.state(slot.slot)).kind !== 'absent'
      if (there && !slot.claimed && !(await takenOut(files, slot.slot))) return { gone: false, left: null }
      await removeContainer(slot)
      return { gone: true, left: null }
    } catch (error) {
      return { gone: false, left: asBerthError(error).message }
    }
  }

  async function removeContainer({ found, nonce, slot }: Slot): Promise<void> {
    if (found) return await deps.backend.remove(found.ref, 0)
    const made = await deps.backend.inspect(nameOf(slot))
    if (made?.owner === 'ours' && made.nonce === nonce) await deps.backend.remove(made.ref, 0)
  }

  const spareOf = (slot: Slot): Spare | null => slot.found && { slot: slot.slot, found: slot.found, started: slot.started, seen: slot.seen }

  async function coming(signal: AbortSignal): Promise<Spare | null> {
    const [slot] = [...slots.values()]
      .filter((it) => it.state === 'starting' && it.promised === null && !outdated(core, { configHash: it.hash }, null))
      .toSorted((a, b) => a.madeAt - b.madeAt)
    if (!slot) return null
    const ready = Promise.withResolvers<void>()
    slot.promised = ready
    const late = clock.timer(Math.max(guessMs, 2 * makeMs), ready.resolve)
    try {
      await orAborted(ready.promise, signal)
      return slot.state === 'claiming' ? spareOf(slot) : null
    } catch (error) {
      giveBack(slot.slot)
      throw error
    } finally {
      late.cancel()
      slot.promised = null
    }
  }

  function giveBack(name: string): void {
    const slot = slots.get(name)
    if (slot?.state === 'claiming') slot.state = 'ready'
    changed()
    schedule()
  }

  return {
    take() {
      const name = nextSlot(view())
      const slot = name === null ? undefined : slots.get(name)
      if (!slot?.found || core.clients.hasEnded(slot.found.ref)) return null
      slot.state = 'claiming'
      changed()
      // Where they come one after the other, the next is on its way before it is asked for: as soon as a first command was, while there are others.
      const pause = desired() <= 1 ? pauseMs : nextSlot(view()) === null ? 0 : shortPauseMs
      if (notBefore <= clock.now()) notBefore = clock.now() + pause
      return spareOf(slot)
    },
    coming,
    giveBack,
    forget(name) {
      slots.delete(name)
      spoilt = 0
      schedule()
    },
    unfit(name, { reason, of }) {
      if (of === 'thread') return giveBack(name)
      // Once may be an accident; the second time the next would be no better.
      if (of === 'all' && (spoilt += 1) > 1) failed(noneAnyMore(reason).message)
      void end(name, false)
    },
    end,
    arrived() {
      arrivals.push(clock.now())
      if (arrivals.length > 1000) arrivals.splice(0, 500)
      schedule()
    },
    schedule,
    knows: (slot) => slots.has(slot),
    listed(found, listedAt) {
      const refs = new Set(found.filter((it) => it.state === 'running').map((it) => it.ref))
      for (const it of [...slots.values()]) if (it.state === 'ready' && it.madeAt < listedAt && it.found && !refs.has(it.found.ref)) void end(it.slot, false)
      schedule()
    },
    ended(ref) {
      const slot = byRef(ref)
      if (slot?.state === 'ready') void end(slot.slot, false)
    },
    restarted(ref) {
      const slot = byRef(ref)
      if (slot?.state !== 'ready') return
      // Its own start may be heard of late.
      const look = async () => {
        const at = await deps.backend.startedAt(ref)
        if (at !== slot.started && slot.state === 'ready') await end(slot.slot, false)
      }
      look().catch((error: unknown) => deps.publish({ type: 'berth.problem', who: 'berth:slots', text: asBerthError(error).message }))
    },
    counts() {
      const all = [...slots.values()]
      const of = (state: SlotView['state']) => all.filter((it) => it.state === state).length
      const none = deps.config().spares === 0 ? null : never()
      return { wanted: wanted(), ready: of('ready'), starting: of('starting'), problem: none ?? problem, proven }
    },
    pool: {
      wanted: () => (never() === null ? desired() : 0),
      ready: () => nextSlot(view()) !== null,
      all: () => [...slots.values()].flatMap(({ row, state }) => (state === 'starting' || state === 'ready' ? [{ ...row, state }] : [])),
      off() {
        if (deps.config().spares === 0) return 'The setting spares is 0'
        return never() ?? ([...slots.values()].some(({ state }) => state === 'ready') ? null : problem)
      },
      onChange,
    },
    open() {
      control ??= new AbortController()
      schedule()
    },
    async shut({ final }) {
      closed ||= final
      control?.abort(fail('SHUTTING_DOWN', 'Berth is shutting down', { next: 'Start it again.' }))
      control = null
      timer?.cancel()
      timer = null
      const all = [...slots.values()].filter((it) => it.state !== 'claiming')
      return (await Promise.all(all.map((it) => settled(it)))).flat()
    },
  }

  async function settled(slot: Slot): Promise<NotEnded[]> {
    // One that is being started ends by its signal, in its own time.
    while (slot.state === 'starting' && slots.get(slot.slot) === slot) await clock.sleep(20)
    if (slots.get(slot.slot) !== slot) return []
    const late = slot.gone !== null
    void end(slot.slot, false)
    let tried = await slot.tried
    if (late && tried?.left !== null) {
      // It waits to be tried again: there may be no later.
      tried = await attempt(slot)
      if (tried.gone) await dropDirectory(core, slot.slot)
    } else if (tried?.left === null) await slot.gone
    return tried === null || tried.left === null ? [] : [{ id: slot.row.name, error: tried.left }]
  }
}
