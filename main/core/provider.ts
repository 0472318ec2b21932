import { asBerthError, fail } from '../../shared/errors.ts'
import { listeners } from '../../shared/listeners.ts'
import { sayNext, textOf } from '../../shared/say-next.ts'
import type { Selection } from '../../shared/select.ts'
import { makeAcquire, obtain } from './obtain.ts'
import { askSandbox, select, useSandbox } from './use.ts'
import { decide, nextAcquire, occupies, trim } from './capacity.ts'
import { idleTimes, nextReap } from './idle.ts'
import { makeClients } from './clients.ts'
import type { Core, Landing } from './core.ts'
import type { ProviderDeps } from './deps.ts'
import { endAll, endSandbox } from './ending.ts'
import { enterSandbox } from './enter.ts'
import { makeTable, released, touched, usable } from './registry.ts'
import { makeFlights } from './flights.ts'
import { makeGate } from '../base/gate.ts'
import { makeHolderNames, toRecord } from './lease-record.ts'
import type { Provider, ShutdownReport } from './provider-api.ts'
import { makeReaper } from './reaper.ts'
import { identified } from './identified.ts'
import { imageNow } from './image-now.ts'
import { makeSlots } from './slots.ts'
import type { SlotPool } from './slots-api.ts'
import { makeTickets } from './tickets.ts'
import { sorted, viewOf, wallStamps } from './view.ts'
import { makePausing } from './wake.ts'
import { makeWatching } from './watching.ts'

export interface ProviderCore extends Provider {
  /** First look at the engine; until it succeeded, acquires wait for it or fail with its error. */
  begin(): Promise<void>
  /** The configuration changed, or a clock gap was seen: look at everything again. */
  refresh(): Promise<void>
  /** Acquires that wait for a place. */
  waiting(): number
}

const noSlots: SlotPool = { wanted: () => 0, all: () => [], ready: () => false, off: () => 'this backend has no slots', onChange: () => () => undefined }

/** Enough to keep an engine busy while slow images boot. */
const startsAtOnce = 6

/** Makes the provider: the verbs over the parts. It owns them all, and `close` ends them all. */
export function makeProvider(given: ProviderDeps): ProviderCore {
  const deps: ProviderDeps = { ...given, backend: identified(given) }
  const { clock } = deps
  const table = makeTable(deps.publish)
  const flights = makeFlights<Landing>(() => look())
  const view = () => ({
    mode: deps.config().capacity.mode,
    replicas: deps.config().replicas,
    entries: table.all(),
    strays: core.strays.size,
    wanted: flights.ids(),
  })
  const evict = (ids: readonly string[]) => {
    for (const id of ids) {
      const entry = table.get(id)
      const grace = deps.config().capacity.mode === 'soft' ? deps.config().stop_grace : 0
      if (usable(entry)) endSandbox(core, entry, { who: 'berth:capacity', cause: 'evicted', grace })
    }
  }
  const upcoming = () => nextAcquire({ ...view(), ahead: core.tickets.ahead() }, core.slots?.pool.ready() ?? false)
  const core: Core = {
    deps,
    stampOf: wallStamps(clock),
    table,
    flights,
    clients: makeClients(deps),
    tickets: makeTickets(
      clock,
      (ahead) => decide({ ...view(), ahead }),
      evict,
      () => tell(null),
    ),
    images: new Set(),
    image: imageNow(deps),
    starts: makeGate(startsAtOnce),
    watch: { current: null },
    endings: new Map(),
    strays: new Map(),
    staleSpares: new Map(),
    untold: new Map(),
    replacements: new Map(),
    slots: null,
    naming: new Map(),
    stuck: new Map(),
    pausing: makePausing(deps, table),
    names: makeHolderNames(),
    save: (entry) => {
      if (usable(entry)) deps.leases.save(entry.id, toRecord(entry, clock, deps.uptime(), core.untold.get(entry.id), core.names.of))
    },
    trim: () => evict(trim(table.all(), deps.config().replicas, flights.ids())),
  }
  core.slots = deps.slots && makeSlots(core, deps.slots)
  const reaper = makeReaper(core)
  const watching = makeWatching(core)
  let looking = false
  /** Capacity and idleness are judged again, once per tick however much changed in it. */
  function look(): void {
    if (looking) return
    looking = true
    queueMicrotask(() => {
      looking = false
      core.tickets.pump()
      reaper.schedule()
    })
  }
  const { tell, on: onChange } = listeners<[id: string | null]>()
  table.onChange((id) => {
    look()
    tell(id)
  })

  let begun: Promise<void> | null = null
  /** It is known what runs: spares that an earlier life left are not taken for none. */
  let looked = false
  let closing: 'no' | 'down' | 'closed' = 'no'
  let doors = new AbortController()
  let shuttingDown: Promise<ShutdownReport> | null = null

  const acquire = makeAcquire(core, { begin, admit })

  function admit(): AbortSignal {
    if (closing !== 'no') throw refused()
    return doors.signal
  }

  const refused = () => fail('SHUTTING_DOWN', 'Berth is shutting down', { next: 'Start it again, then repeat the call.' })

  const idOf = (selection: Selection) => selection.id ?? deps.idOf(selection.user, selection.thread ?? '')

  /** Right after a start nobody may have looked at the engine yet: what is not known is not yet absent. */
  async function seen(id: string): Promise<void> {
    if (table.get(id) === undefined && closing !== 'closed') await begin()
  }

  /** An adoption under way gives back the holds of before. */
  async function adopted(id: string): Promise<void> {
    await seen(id)
    const entry = table.get(id)
    if (entry?.state !== 'creating' || entry.sandbox === null) return
    await flights.join(id, { holder: null }, undefined, () => Promise.resolve({ path: 'found', warnings: [] }))
  }

  async function release(selection: Parameters<Provider['release']>[0], holder: string, who = holder): ReturnType<Provider['release']> {
    const id = idOf(selection)
    // What cannot be adopted or looked at holds nothing.
    if (!usable(table.get(id))) await adopted(id).catch(() => undefined)
    const untold = core.untold.get(id)
    const entry = table.get(id)
    if (untold?.delete(holder) && untold.size === 0 && entry === undefined) deps.leases.remove(id)
    if (!usable(entry) || !entry.leases.some((lease) => lease.holder === holder)) {
      return { released: false, sandbox: entry ? viewOf(core, entry) : null }
    }
    const next = released(entry, holder, clock.now())
    const ended = next.state === 'warm'
    table.set(next, ended ? { who, text: 'Its last holder released it' } : undefined)
    if (ended && next.thread === null) {
      endSandbox(core, next, { who, cause: 'released', grace: 0 })
    } else {
      core.save(next)
      if (ended) core.trim()
    }
    const sandbox = viewOf(core, table.get(id) ?? next)
    await deps.leases.written(id)
    return { released: true, sandbox }
  }

  async function destroy(selection: Selection, options: Parameters<Provider['destroy']>[1]): Promise<{ destroyed: boolean }> {
    const id = idOf(selection)
    await seen(id)
    const asked = table.get(id)
    // While the sandbox is asked what runs in it, anything may happen to it.
    const busy = options.onlyIfIdle === true && usable(asked) && (await askSandbox(core, asked)).running
    const entry = table.get(id)
    if (entry === undefined || busy) return { destroyed: false }
    if (options.onlyIfUnheld && (entry.leases.length > 0 || flights.has(id))) return { destroyed: false }
    if (options.onlyIfIdle === true && (entry.work > 0 || entry.sandbox?.ref !== asked?.sandbox?.ref)) return { destroyed: false }
    core.untold.delete(id)
    core.replacements.delete(id)
    if (entry.state === 'creating') {
      await flights.abort(id, fail('CANCELLED', 'The sandbox was destroyed while it was being made', { next: 'Acquire again if it is still wanted.' }))
      // An adoption that was ended leaves what it had found.
      const left = table.get(id)
      if (usable(left)) await endSandbox(core, left, { who: options.who, cause: 'asked', grace: 0 }).first
      return { destroyed: true }
    }
    if (entry.state === 'failed') {
      table.drop(id, { who: options.who, text: 'A failed sandbox was destroyed' })
      deps.leases.remove(id)
      return { destroyed: true }
    }
    await endSandbox(core, entry, { who: options.who, cause: 'asked', grace: deps.config().stop_grace }).first
    await deps.leases.written(id)
    return { destroyed: true }
  }

  function shutdown(who: string, options: { reopen: boolean }): Promise<ShutdownReport> {
    if (!options.reopen) closing = closing === 'closed' ? 'closed' : 'down'
    else if (closing === 'no') closing = 'down'
    const reopen = options.reopen
    doors.abort(refused())
    shuttingDown ??= endAll(core, refused(), who, () => true).finally(() => {
      shuttingDown = null
      if (!reopen || closing !== 'down') return
      closing = 'no'
      doors = new AbortController()
      if (looked) core.slots?.open()
    })
    return shuttingDown
  }

  /** A failed first look is tried again by the next acquire. */
  function begin(): Promise<void> {
    begun ??= watching.begin().then(
      () => {
        looked = true
      },
      (error: unknown) => {
        begun = null
        throw error
      },
    )
    return begun
  }

  return {
    begin,
    waiting: () => core.tickets.ahead(),
    acquire,
    release,
    destroy,
    async refresh() {
      core.trim()
      core.tickets.pump()
      reaper.schedule()
      core.slots?.schedule()
      await watching.relist()
    },
    get: (selection) => viewOf(core, select(core, selection)),
    peek(id) {
      const entry = table.get(id)
      return entry ? viewOf(core, entry) : null
    },
    mountsOf: (id) => table.get(id)?.sandbox?.mounts ?? null,
    onChange,
    next(answers) {
      const { provisions } = deps.backend.traits
      if (!provisions || !answers) return { acquire: { kind: 'engine', none: !provisions }, reap: null }
      const reap = nextReap(table.all(), idleTimes(deps.config()))
      return { acquire: upcoming(), reap: reap && { ...reap, at: new Date(core.stampOf(reap.at)).toISOString() } }
    },
    tally() {
      const { mode, replicas, entries } = view()
      return { replicas, counted: entries.filter((entry) => occupies(entry, mode)).length, waiting: core.tickets.ahead() }
    },
    ownerOf(id) {
      const entry = table.get(id)
      return entry ? { user: entry.user, thread: entry.thread, client: entry.client } : null
    },
    list() {
      const { mode, replicas, entries } = view()
      return { sandboxes: sorted(entries).map((entry) => viewOf(core, entry)), replicas, counted: entries.filter((entry) => occupies(entry, mode)).length }
    },
    hint({ user, thread }, who) {
      admit()
      const id = deps.idOf(user, thread)
      const entry = table.get(id)
      if (usable(entry) && entry.sandbox.state === 'running') {
        table.set(touched(entry, clock.now()))
        return { state: 'ready', reason: null }
      }
      if (flights.has(id)) return { state: 'starting', reason: null }
      const decision = decide({ ...view(), ahead: core.tickets.ahead() })
      // A hint is no claim: nobody waits for it, and no more are kept for it than without it.
      if (!usable(entry) && (decision.kind !== 'go' || decision.over > 0))
        return { state: 'refused', reason: textOf(sayNext(upcoming(), deps.config().replicas)) }
      void begin().then(
        () => flights.send(id, (flight) => obtain(core, { id, user, thread, client: null, hint: true }, flight)),
        (error: unknown) =>
          deps.publish({ type: 'berth.problem', who, sandbox: id, user, thread, text: `It could not be made ready: ${asBerthError(error).message}` }),
      )
      return { state: 'starting', reason: null }
    },
    slots: core.slots?.pool ?? noSlots,
    spares: () => core.slots?.counts() ?? { wanted: 0, ready: 0, starting: 0, problem: null, proven: null },
    renameHolder(holder, name, who) {
      const held = table.all().filter(({ leases }) => leases.some((lease) => lease.holder === holder))
      if (held.length === 0) return false
      core.names.set(holder, name)
      for (const entry of held) core.save(table.set({ ...entry }))
      deps.publish({ type: 'holder.renamed', who, text: `The holder ${holder} is called ${name}` })
      return true
    },
    departed: table.departed,
    dismiss(selection, who) {
      const entry = select(core, selection)
      if (entry.state !== 'failed') return false
      table.drop(entry.id, { who, text: 'A failed sandbox was dismissed' })
      return true
    },
    async use(selection, _who, work, options = {}) {
      await seen(idOf(selection))
      return await useSandbox(core, selection, work, options)
    },
    enter: (id, options) => enterSandbox(core, { begin }, id, options),
    logs(selection, options) {
      const entry = select(core, selection)
      if (entry.sandbox === null) throw fail('SANDBOX_NOT_FOUND', `The sandbox is ${entry.state} and has no log`, { next: 'Acquire it again.' })
      return deps.backend.logs(entry.sandbox.ref, options)
    },
    shutdown,
    async close({ destroy: ending }) {
      if (closing === 'closed') return []
      const before = closing
      closing = 'closed'
      doors.abort(refused())
      const ended = await (async () => {
        if (before === 'down' && shuttingDown) return await shuttingDown
        if (ending !== 'none') return await endAll(core, refused(), 'berth:exit', (entry) => ending === 'all' || entry.leases.length === 0)
        await flights.abortAll(refused())
        return null
      })()
      // Of no use to anybody without this engine, which alone knows that nobody has them.
      const spares = (await core.slots?.shut({ final: true })) ?? []
      watching.close()
      reaper.close()
      await deps.leases.flush()
      await core.clients.close()
      return [...(ended?.failed ?? []).filter(({ id }) => !spares.some((it) => it.id === id)), ...spares]
    },
  }
}
