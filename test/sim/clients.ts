import type { Acquired } from '../../shared/sandbox.ts'
import { BerthError } from '../../shared/errors.ts'
import { idOf, userDataPath } from '../support/sim-disk.ts'
import type { Action } from './actions.ts'
import type { House } from './house.ts'
import { checkAcquired } from './invariants.ts'
import { acquiredHold, active, holdKey, violate, type Call, type Hold, type Model } from './model.ts'

/** Codes that a call may fail with in a history in which nobody meddles and nothing breaks. */
const calmCodes = new Set(['CANCELLED', 'CAPACITY_REJECTED', 'CAPACITY_TIMEOUT', 'SHUTTING_DOWN', 'SANDBOX_NOT_FOUND', 'SANDBOX_LOST'])

export interface Clients {
  /** Starts what the action says; nothing is waited for. */
  act(action: Action): void
  readonly stats: { acquired: number; failed: number; used: number }
}

/** The agents of a history: they call the provider, and remember what it told them. */
export function makeClients(model: Model, calm: boolean): Clients {
  const { world } = model
  const { time } = world
  const stats = { acquired: 0, failed: 0, used: 0 }
  let writes = 0

  /** What a killed process answers reaches nobody. */
  function track<T>(
    house: House,
    about: Pick<Call, 'kind' | 'about' | 'id'> & Partial<Call>,
    start: (call: Call) => Promise<T>,
    done: (value: T, call: Call) => void,
    failed?: (error: BerthError, call: Call) => void,
  ): void {
    const call: Call = { holder: null, ...about, at: time.now(), process: house.process, queuedAt: null, wentOnAt: null }
    model.calls.add(call)
    world.trace(`> ${about.about}`)
    const ended = (what: string) => {
      model.calls.delete(call)
      world.trace(`< ${about.about}: ${what}`)
    }
    let promise: Promise<T>
    try {
      promise = start(call)
    } catch (thrown) {
      promise = Promise.reject(thrown)
    }
    promise.then(
      (value) => {
        if (!house.process.alive()) return
        ended('ok')
        done(value, call)
      },
      (thrown: unknown) => {
        if (!house.process.alive()) return
        const code = thrown instanceof BerthError ? thrown.code : 'not a BerthError'
        ended(`${code} ${thrown instanceof Error ? thrown.message : String(thrown)}`)
        if (!(thrown instanceof BerthError) || code === 'INTERNAL') {
          return violate(model, `${about.about} failed with ${code}: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`)
        }
        stats.failed += 1
        if (calm && !calmCodes.has(code)) violate(model, `${about.about} failed in a calm history: ${code} ${thrown.message}`)
        failed?.(thrown, call)
      },
    )
  }

  /** Since when its thread stands in the line: who joins a flight shares its place. null: that flight has one already. */
  function lineOf(call: Call): number | null {
    let since = time.now()
    for (const other of model.calls) {
      if (call.id === null || other.id !== call.id || other.process !== call.process) continue
      if (other.wentOnAt !== null) return null
      since = Math.min(since, other.queuedAt ?? since)
    }
    return since
  }

  function acquire(house: House, action: Extract<Action, { do: 'acquire' }>): void {
    const { user, thread, holder, abortAfter } = action
    const abort = new AbortController()
    const id = thread === null ? null : idOf(user, thread)
    const about = `acquire ${user}/${thread ?? 'anonymous'}${id === null ? '' : ` (${id.slice(0, 6)})`} for ${holder} at ${time.now().toFixed(0)}`
    if (abortAfter !== null) time.at(abortAfter, () => abort.abort())
    track<Acquired>(
      house,
      { kind: 'acquire', about, id, holder },
      (call) =>
        house.provider.acquire({
          user,
          thread,
          holder,
          signal: abort.signal,
          report: ({ step }) => {
            // An outage: it starts over, and goes to the end of the line.
            if (step === 'engine') call.queuedAt = call.wentOnAt = null
            else if (step === 'queue') call.queuedAt ??= lineOf(call)
          },
        }),
      (got, call) => {
        stats.acquired += 1
        world.trace(`  got ${got.id.slice(0, 6)} ${got.container?.slice(0, 6)} by ${got.path}${got.was_replaced ? ', replaced' : ''}`)
        checkAcquired(model, call, got)
        acquiredHold(model, got, thread === null)
      },
      (error) => {
        if (error.code === 'CANCELLED' && !abort.signal.aborted && id !== null && (model.destroyed.get(id) ?? -1) < 0) {
          violate(model, `${about} was cancelled by nobody: ${error.message}`)
        }
      },
    )
  }

  function pickHold(pick: number): Hold | undefined {
    const all = [...model.holds.values()]
    return all[pick % Math.max(1, all.length)]
  }

  function use(house: House, hold: Hold, what: string, work: Parameters<House['provider']['use']>[2], done: () => void): void {
    let ref: string | null = null
    track(
      house,
      { kind: 'use', about: `${what} in ${hold.id.slice(0, 6)} by ${hold.holder} at ${time.now().toFixed(0)}`, id: hold.id },
      () =>
        house.provider.use({ id: hold.id, user: 'default' }, hold.holder, async (api, signal) => {
          const container = world.byUrl(api.address.url)
          ref = container?.ref ?? null
          if (ref !== null) {
            active(model, ref)
            model.work.set(ref, (model.work.get(ref) ?? 0) + 1)
          }
          const mine = ref
          try {
            return await work(api, signal, hold.id)
          } finally {
            if (mine !== null && house.process.alive()) {
              active(model, mine)
              model.work.set(mine, Math.max(0, (model.work.get(mine) ?? 0) - 1))
            }
          }
        }),
      () => {
        stats.used += 1
        done()
      },
    )
  }

  function write(house: House, hold: Hold): void {
    writes += 1
    const name = `file-${writes}`
    const content = `${hold.id} ${writes}`
    use(
      house,
      hold,
      `write ${name}`,
      (api) => api.write(`/mnt/user-data/${name}`, new TextEncoder().encode(content), false),
      () => {
        const source = userDataPath(hold)
        if (world.directories.get(source)?.get(name) !== content) violate(model, `write ${name} was acknowledged and is not in ${source}`)
        if (hold.thread !== null) model.written.push({ source, name, content })
      },
    )
  }

  function endAll(by: number): void {
    model.endedAllAt = time.now()
    model.endingAll += by
    model.owed.clear()
  }

  return {
    stats,
    act(action) {
      const { house } = model
      if (!house?.process.alive()) return
      const { provider } = house
      if (action.do === 'acquire') return acquire(house, action)
      if (action.do === 'hint') {
        const { user, thread } = action
        return track(
          house,
          { kind: 'hint', about: `hint ${user}/${thread}`, id: null },
          () => Promise.resolve(provider.hint({ user, thread }, 'sim')),
          () => undefined,
        )
      }
      if (action.do === 'release') {
        const hold = pickHold(action.pick)
        if (!hold) return
        model.holds.delete(holdKey(hold.id, hold.holder))
        model.owed.delete(holdKey(hold.id, hold.holder))
        return track(
          house,
          { kind: 'release', about: `release ${hold.id.slice(0, 6)} of ${hold.holder}`, id: hold.id },
          () => provider.release({ id: hold.id, user: 'default' }, hold.holder),
          () => undefined,
        )
      }
      if (action.do === 'destroy') {
        const { user, thread, onlyIfUnheld } = action
        const id = idOf(user, thread)
        if (!onlyIfUnheld) model.destroyed.set(id, time.now())
        for (const key of model.owed) if (key.startsWith(id)) model.owed.delete(key)
        return track(
          house,
          { kind: 'destroy', about: `destroy ${user}/${thread} (${id.slice(0, 6)})${onlyIfUnheld ? ' if unheld' : ''}`, id },
          () => provider.destroy({ thread, user }, { who: 'sim', onlyIfUnheld }),
          () => undefined,
        )
      }
      if (action.do === 'shutdown') {
        endAll(1)
        return track(
          house,
          { kind: 'shutdown', about: `shutdown${action.reopen ? ', reopen' : ''}`, id: null },
          () => provider.shutdown('sim', { reopen: action.reopen }),
          () => endAll(-1),
        )
      }
      if (action.do === 'exec') {
        const hold = pickHold(action.pick)
        if (hold)
          use(
            house,
            hold,
            action.command,
            (api, signal) => api.exec({ command: action.command, maxOutput: 1000, signal }),
            () => undefined,
          )
        return
      }
      if (action.do === 'write') {
        const hold = pickHold(action.pick)
        if (hold) write(house, hold)
      }
    },
  }
}
