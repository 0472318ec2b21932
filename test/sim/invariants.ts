import type { Place } from '../../main/core/slot-deps.ts'
import type { Acquired } from '../../shared/sandbox.ts'
import type { Effect, SimContainer } from '../support/sim-engine.ts'
import { slotPath, userDataPath } from '../support/sim-disk.ts'
import { keyOf, owner } from './house.ts'
import { fresh, holdKey, violate, type Call, type Model } from './model.ts'

export const isOurs = (it: SimContainer): boolean => it.owner?.home === owner.home && it.owner.installation === owner.installation
const short = (it: SimContainer) => `${it.name} ${it.ref.slice(0, 6)}`

/** For as long may an answer that Berth got from a sandbox be older than what happened to it. */
const proofMs = 1500

/** Whose a container is, by its labels or, of a slot, by the disk; null: nobody's yet. */
export function keyOfContainer(model: Model, it: SimContainer): Place | null {
  if (!it.spec) return null
  const { id, user, thread, slot } = it.spec
  if (slot === undefined) return { id, user, thread }
  const claim = model.disk.slots.get(slot)
  return claim && !('retired' in claim) ? claim.place : null
}

const most = ({ replicas, spares }: Model['settings']) => replicas + (spares === 'auto' ? 20 : spares)

/** After every single step, whatever is going on. */
export function checkStep(model: Model): void {
  const ours = [...model.world.containers.values()].filter(isOurs)
  const running = new Map<string, SimContainer>()
  let shown = 0
  for (const it of ours) {
    if (it.state === 'exited') continue
    if (!model.restarted.has(it.ref)) shown += 1
    if (it.state === 'created' || !it.spec) continue
    const key = keyOfContainer(model, it)
    if (key === null || (it.spec.slot !== undefined && model.world.directories.has(slotPath(it.spec.slot)))) continue
    const other = running.get(key.id)
    if (other && !model.restarted.has(it.ref) && !model.restarted.has(other.ref))
      violate(model, `two running containers of one key: ${short(it)} and ${short(other)}`)
    running.set(key.id, it)
  }
  if (model.settings.mode !== 'soft' && shown > most(model.settings)) {
    violate(model, `${shown} containers of ours on the engine, replicas is ${model.settings.replicas} in mode ${model.settings.mode}`)
  }
  checkLine(model)
}

/** A free place and somebody who waits for one do not stay beside each other; who came first goes first. */
function checkLine(model: Model): void {
  if (model.settings.mode !== 'queue' || !model.house?.process.alive()) return
  const now = model.world.time.now()
  const waiting = [...model.calls].filter((call) => call.queuedAt !== null && call.wentOnAt === null)
  if (waiting.length === 0) {
    model.freeSince = null
    return
  }
  const first = waiting.reduce((a, b) => ((a.queuedAt ?? 0) <= (b.queuedAt ?? 0) ? a : b))
  for (const call of model.calls) {
    if (call.wentOnAt === null || call.queuedAt === null || (call.id !== null && call.id === first.id)) continue
    if (call.queuedAt > (first.queuedAt ?? 0) && now - call.wentOnAt > 100 && call.process === first.process) {
      violate(model, `not fair: ${call.about} queued after ${first.about} and went first`)
    }
  }
  const { counted, replicas } = model.house.provider.list()
  if (counted >= replicas) model.freeSince = null
  else model.freeSince ??= now
  if (model.freeSince !== null && now - model.freeSince > 1000) {
    violate(model, `${first.about} waits for a place while only ${counted} of ${replicas} are taken`)
  }
}

/** In the moment in which something happens to a container. */
export function checkEffect(model: Model, { kind, container, by }: Effect): void {
  const { spec } = container
  if (by === 'berth' && !isOurs(container)) return violate(model, `${kind} of a stranger's container ${short(container)}`)
  if (kind === 'create' && spec && isOurs(container)) {
    model.everMade.set(container.ref, container)
    const source = spec.mounts.find((mount) => mount.target === '/mnt/user-data')?.source
    if (source !== (spec.slot === undefined ? userDataPath(spec) : slotPath(spec.slot)))
      violate(model, `${short(container)} of ${spec.user}/${spec.thread} mounts ${source}`)
    if (spec.thread === null && model.anonymousIds.has(spec.id)) violate(model, `anonymous id ${spec.id} was used before`)
    if (spec.key !== keyOf(spec.nonce)) violate(model, `${short(container)} has a key that cannot be derived again`)
  }
  if (kind === 'start' && by === 'outsider') model.restarted.add(container.ref)
  if ((kind === 'die' || kind === 'remove') && by !== 'berth' && model.house?.process.alive() && !model.removing.has(container.ref)) owe(model, container)
}

/** Whoever holds it now has to be told when coming back. */
function owe(model: Model, container: SimContainer): void {
  if (!fresh(model, container.ref)) return
  for (const hold of model.holds.values()) {
    const ended = Math.max(model.endedAllAt, model.destroyed.get(hold.id) ?? -Infinity) >= hold.at
    if (hold.ref === container.ref && !hold.anonymous && !ended) model.owed.add(holdKey(hold.id, hold.holder))
  }
}

/** In the moment in which Berth decides to remove a container. */
export function checkRemoval(model: Model, ref: string): void {
  if (model.removing.has(ref)) return
  model.removing.set(ref, model.world.time.now())
  const container = model.world.containers.get(ref)
  if (!container) return
  if (!isOurs(container)) return violate(model, `asked to remove a stranger's container ${short(container)}`)
  if (model.endingAll > 0 || container.state === 'exited' || container.touchedAt > -Infinity || !fresh(model, ref)) return
  // It cannot get its thread's name any more: it goes, and whoever held it is told.
  if (nameTaken(model, container)) return owe(model, container)
  for (const hold of model.holds.values()) {
    if (hold.ref !== ref) continue
    if (Math.max(model.endedAllAt, model.destroyed.get(hold.id) ?? -Infinity) >= hold.at) continue
    violate(
      model,
      `${short(container)} is removed while ${hold.holder} holds it and used it ${(model.world.time.now() - (model.activity.get(ref) ?? 0)).toFixed(0)} ms ago`,
    )
  }
}

function nameTaken(model: Model, it: SimContainer): boolean {
  const key = keyOfContainer(model, it)
  const name = key === null ? null : `berth-${key.id}`
  return it.spec?.slot !== undefined && it.name !== name && [...model.world.containers.values()].some((other) => other.name === name)
}

/** In the moment in which an acquire answers. */
export function checkAcquired(model: Model, call: Call, got: Acquired): void {
  const container = model.everMade.get(got.container ?? '')
  const say = (what: string) => violate(model, `${call.about} got ${got.id.slice(0, 6)} by ${got.path}: ${what}`)
  const { time } = model.world
  if (!container?.spec) return say('a container that Berth never made')
  const { spec } = container
  const whose = keyOfContainer(model, container)
  if (whose?.id !== got.id || whose.user !== got.user || whose.thread !== got.thread) say("another key's container")
  if (container.bound.get('/mnt/user-data') !== model.world.directories.get(userDataPath(got)))
    say('a container that sees other files than those of its thread')
  if (!got.holders.some((it) => it.holder === got.holder)) say('without being one of its holders')
  if (got.thread === null && model.anonymousIds.has(got.id)) say('an anonymous sandbox that was handed out before')
  if (got.thread === null) model.anonymousIds.add(got.id)
  const key = holdKey(got.id, got.holder)
  const before = model.holds.get(key)?.ref
  // One that was restarted by hand, unseen, and then idle until its hold ran out: there was nobody to tell any more.
  const owed = model.owed.delete(key) && before !== undefined && (!model.restarted.has(before) || fresh(model, before))
  if (owed && before !== got.container && !got.was_replaced) {
    say('another container than before, and was not told')
  }
  if (container.touchedAt >= Math.min(call.at, time.now() - proofMs)) return
  if (model.endingAll > 0 || model.endedAllAt >= call.at || (model.destroyed.get(got.id) ?? -Infinity) >= call.at) return
  if (model.removing.has(container.ref)) say('a container that is being removed')
  if (container.state !== 'running' || container.hung) return say(`a container that is ${container.hung ? 'hung' : container.state}`)
  if (time.now() < container.usableAt) say('a container that is not ready')
  if (container.url !== got.url) say(`address ${got.url}, but it listens at ${container.url}`)
  if (got.headers['X-AIO-API-Key'] !== spec.key) say('a key that is not taken')
}

/** Everything has come to rest: nobody acts, nothing is broken. */
export function checkRest(model: Model): void {
  for (const call of model.calls) violate(model, `${call.about} never came to an end`)
  const { house, world } = model
  if (!house) return
  const ours = new Map([...world.containers.values()].filter(isOurs).map((it) => [it.ref, it]))
  for (const entry of house.provider.list().sandboxes) {
    if (entry.status === 'failed') continue
    if (entry.status === 'creating' || entry.status === 'stopping') {
      violate(model, `entry ${entry.id} is still ${entry.status} (${entry.step})`)
      continue
    }
    const container = ours.get(entry.container ?? '')
    if (!container) violate(model, `entry ${entry.id} (${entry.status}) has no container`)
    else if (container.state !== 'running' && container.state !== 'paused')
      violate(model, `entry ${entry.id} (${entry.status}): its container is ${container.state}`)
    if (container) ours.delete(container.ref)
    if (entry.thread === null && entry.holders.length === 0) violate(model, `anonymous ${entry.id} is kept without a holder`)
    if ((entry.status === 'active') !== entry.holders.length > 0) violate(model, `entry ${entry.id} is ${entry.status} with ${entry.holders.length} holders`)
  }
  const spares = [...ours.values()].filter((it) => it.spec?.slot !== undefined && model.disk.slots.get(it.spec.slot) === null && it.state === 'running')
  for (const it of spares.slice(0, house.provider.spares().wanted)) ours.delete(it.ref)
  checkSlots(model)
  for (const it of ours.values()) violate(model, `container ${short(it)} (${it.state}) has no entry`)
  checkWritten(model)
}

/** Every slot on the disk has a container, and nothing of a thread is left in one. */
function checkSlots(model: Model): void {
  const used = new Set([...model.world.containers.values()].flatMap((it) => it.spec?.slot ?? []))
  for (const slot of model.disk.slots.keys()) {
    if (!used.has(slot)) violate(model, `the directory of slot ${slot} is left without a container`)
    if ((model.world.directories.get(slotPath(slot))?.size ?? 0) > 0) violate(model, `files are left in slot ${slot}`)
  }
}

export function checkWritten(model: Model): void {
  for (const { source, name, content } of model.written) {
    if (model.world.directories.get(source)?.get(name) !== content) violate(model, `an acknowledged write is lost: ${source}/${name}`)
  }
}

/** After shutdown, or after longer than anything may idle. */
export function checkNothingLeft(model: Model, when: string): void {
  const spare = (it: SimContainer) => model.house !== null && it.spec?.slot !== undefined && model.disk.slots.get(it.spec.slot) === null
  checkSlots(model)
  for (const it of model.world.containers.values()) if (isOurs(it) && !spare(it)) violate(model, `container ${short(it)} (${it.state}) is left ${when}`)
  for (const entry of model.house?.provider.list().sandboxes ?? []) {
    if (entry.status !== 'failed') violate(model, `entry ${entry.id} (${entry.status}) is left ${when}`)
  }
}
