import { asBerthError } from '../../shared/errors.ts'
import { seeded } from '../support/seeded.ts'
import { simTime } from '../support/sim-clock.ts'
import { simWorld } from '../support/sim-engine.ts'
import { idOf } from '../support/sim-disk.ts'
import { generate, type Action, type History } from './actions.ts'
import { makeClients } from './clients.ts'
import { openHouse } from './house.ts'
import { checkEffect, checkNothingLeft, checkRemoval, checkRest, checkStep, checkWritten, isOurs } from './invariants.ts'
import { forgetAfterCrash, granted, makeModel, violate } from './model.ts'

export interface Outcome {
  readonly seed: number
  readonly violation: string | null
  readonly trace: readonly string[]
  readonly stats: { acquired: number; failed: number; used: number; crashes: number; steps: number }
}

/** Longest that the world may take to come to rest once nobody meddles with it any more. */
const restMs = 200_000

export const replay = (seed: number): Promise<Outcome> => runHistory(generate(seed))

/**
 * Runs a history from an empty world to an empty world. The same history gives the same outcome, line by line. With
 * `wrong` the checks expect something else than the provider was told, to see that they notice.
 */
export async function runHistory(history: History, wrong: { checkedReplicas?: number } = {}): Promise<Outcome> {
  const { settings, seed } = history
  const random = seeded(seed).fork('world')
  const time = simTime(random)
  const world = simWorld(time, random)
  const model = makeModel(world, { ...settings, replicas: wrong.checkedReplicas ?? settings.replicas })
  const calm =
    settings.faultRate === 0 &&
    history.steps.every(({ action }) => !['outsider', 'stranger', 'engine', 'stream', 'crash', 'jump', 'suspend'].includes(action.do))
  const clients = makeClients(model, calm)
  const counts = { crashes: 0, steps: 0 }
  let life = 0
  let version = 1
  let downUntil = 0

  world.trace(`seed ${seed} ${JSON.stringify(settings)}${calm ? ' calm' : ''}`)
  world.faults.setRate(settings.faultRate)
  world.faults.setKinds(settings.faults)
  world.onEffect((effect) => checkEffect(model, effect))

  function open(): void {
    life += 1
    const house = openHouse(world, model.disk, random.fork(`ids ${life}`), {
      settings,
      name: `life ${life}`,
      version: () => version,
      removing: (ref, failed) => (failed ? model.removing.delete(ref) : checkRemoval(model, ref)),
      heard: (event) => granted(model, event),
    })
    model.house = house
    world.trace(`life ${life} begins`)
    house.provider.begin().catch((thrown: unknown) => world.trace(`begin failed: ${String(thrown)}`))
  }

  /** A process that was killed, by an action or at a fault point, is noticed here. */
  function mourn(): void {
    if (!model.house || model.house.process.alive()) return
    counts.crashes += 1
    world.trace(`life ${life} was killed`)
    model.house = null
    forgetAfterCrash(model)
    downUntil = time.now() + random.between(150, 3000)
    time.at(downUntil - time.now(), open)
  }

  const strays: unknown[] = []
  const onStray = (thrown: unknown) => strays.push(thrown)
  process.on('unhandledRejection', onStray)
  time.onStep(() => {
    counts.steps += 1
    mourn()
    checkStep(model)
    const stray = strays[0]
    if (stray !== undefined) violate(model, `a rejection that nobody handled: ${stray instanceof Error ? (stray.stack ?? stray.message) : String(stray)}`)
  })

  async function close(destroy: boolean): Promise<void> {
    const house = model.house
    if (!house) return
    world.trace(`> close${destroy ? ', destroy' : ''}`)
    if (destroy) {
      model.endedAllAt = time.now()
      model.endingAll += 1
    }
    let closed = false
    house.provider.close({ destroy: destroy ? 'all' : 'none' }).then(
      () => {
        closed = true
      },
      (thrown: unknown) => violate(model, `close failed: ${String(thrown)}`),
    )
    await time.runUntil(() => closed || model.violation !== null || !house.process.alive(), restMs)
    if (model.violation !== null || !house.process.alive()) return
    if (!closed) return violate(model, 'close never came to an end')
    world.trace('< close')
    if (destroy) model.endedAllAt = time.now()
    const refused = await refusal(house)
    if (house.process.alive() && refused !== 'SHUTTING_DOWN') violate(model, `an acquire after close: ${refused}`)
    // The rest of its calls ends with it.
    await time.runUntil(() => [...model.calls].every((call) => call.process !== house.process), 5000)
    for (const call of model.calls) if (call.process === house.process && call.kind !== 'use') violate(model, `${call.about} did not end with the provider`)
    // Killed at the last moment: then it was mourned, and the next life is on its way.
    if (!house.process.alive()) return
    house.process.kill()
    model.house = null
    forgetAfterCrash(model)
    time.at(random.between(1, 500), open)
  }

  async function refusal(house: NonNullable<typeof model.house>): Promise<string> {
    let answer = 'no answer'
    house.provider.acquire({ user: 'default', thread: 'late', holder: 'late' }).then(
      () => {
        answer = 'it got one'
      },
      (thrown: unknown) => {
        answer = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
      },
    )
    await time.runUntil(() => answer !== 'no answer', 60_000)
    return answer
  }

  async function act(action: Action): Promise<void> {
    const ours = [...world.containers.values()].filter(isOurs)
    if (action.do === 'outsider') {
      const target = ours[action.pick % Math.max(1, ours.length)]
      if (!target) return
      const { ref, state } = target
      world.trace(`outsider: ${action.verb} ${target.name} ${ref.slice(0, 6)}`)
      if (action.verb === 'kill') world.die(ref, 137, 'outsider')
      else if (action.verb === 'remove') world.remove(ref, 'outsider')
      else if (action.verb === 'hang') world.hang(ref)
      else if (action.verb === 'pause' && state === 'running') world.pause(ref, 'outsider')
      else if (action.verb === 'unpause' && state === 'paused') world.unpause(ref, 'outsider')
      else if (action.verb === 'restart') {
        world.die(ref, 143, 'outsider')
        try {
          world.start(ref, 'outsider')
        } catch (error) {
          // Its directory is being moved in this very moment: whoever restarts it is told, and it stays ended.
          world.trace(`  the engine refuses: ${asBerthError(error).message}`)
        }
      }
    } else if (action.do === 'stranger') {
      const made = world.stranger(`berth-${idOf(action.user, action.thread)}`)
      if (made) time.at(action.leavesAfter, () => world.remove(made.ref, 'outsider'))
    } else if (action.do === 'engine') {
      world.setEngine(false, action.killing)
      time.at(action.downFor, () => world.setEngine(true, false))
    } else if (action.do === 'stream') {
      world.trace('the event stream is cut')
      for (const stream of model.house?.backend.streams ?? []) stream.cut(action.noticedAfter, action.backAfter)
    } else if (action.do === 'jump' || action.do === 'suspend') {
      world.trace(`${action.do} by ${action.ms.toFixed(0)} ms`)
      time[action.do](action.ms)
      const { house } = model
      // As the engine's clock guard does it.
      if (house && Math.abs(action.ms) > 5000) house.process.clock.timer(random.between(0, 1000), () => refresh(house))
    } else if (action.do === 'crash') {
      const { house } = model
      if (house) time.at(action.after, () => house.process.kill())
    } else if (action.do === 'close') await close(action.destroy)
    else if (action.do === 'upgrade') version += 1
    else clients.act(action)
  }

  function refresh(house: NonNullable<typeof model.house>): void {
    house.provider.refresh().catch((thrown: unknown) => world.trace(`refresh failed: ${String(thrown)}`))
  }

  async function rest(): Promise<void> {
    world.trace('the world heals')
    world.faults.setRate(0)
    // What was to happen in this moment happens before anybody looks at what is broken.
    await time.advance(5)
    world.setEngine(true, false)
    for (const it of [...world.containers.values()]) if (!isOurs(it)) world.remove(it.ref, 'outsider')
    // Hung in the middle of a call that has no deadline, which may be on its way there still: somebody has to end it.
    const endHung = () => {
      for (const it of [...world.containers.values()]) if (it.hung && (model.work.get(it.ref) ?? 0) > 0) world.die(it.ref, 137, 'fault')
    }
    endHung()
    const { house } = model
    if (!house) await time.runUntil(() => model.house !== null, 5000)
    const quiet = () => {
      endHung()
      return model.violation !== null || model.calls.size === 0
    }
    await time.runUntil(quiet, restMs)
    // Longer than the provider's own look at everything.
    await time.advance(65_000)
    await time.runUntil(() => settled() || model.violation !== null, restMs)
    checkRest(model)
  }

  const settled = () => (model.house?.provider.list().sandboxes ?? []).every((it) => it.status !== 'creating' && it.status !== 'stopping')

  try {
    open()
    await time.settle()
    for (const step of history.steps) {
      if (model.violation !== null) break
      await act(step.action)
      await time.settle()
      mourn()
      checkStep(model)
      const until = time.now() + step.wait
      await time.runUntil(() => model.violation !== null, until - time.now())
    }
    if (model.violation === null) await rest()
    if (model.violation === null && settings.idle > 0) {
      await time.runUntil(() => model.violation !== null, settings.idle * 4000 + 30_000)
      checkNothingLeft(model, 'after everything was idle')
    }
    if (model.violation === null) {
      for (const thread of ['t1', 't2']) clients.act({ do: 'acquire', user: 'default', thread, holder: 'last', abortAfter: null })
      await time.runUntil(() => model.violation !== null, random.between(0, 3000))
    }
    if (model.violation === null) {
      const last = model.house
      await close(true)
      if (last) model.house = null
      checkNothingLeft(model, 'after the last shutdown')
      checkWritten(model)
    }
  } catch (thrown) {
    violate(model, `thrown: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`)
  } finally {
    process.off('unhandledRejection', onStray)
  }
  return { seed, violation: model.violation, trace: world.log, stats: { ...clients.stats, ...counts } }
}
