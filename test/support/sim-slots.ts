import type { ClaimFiles, Place, SlotFiles, SlotState } from '../../main/core/slot-deps.ts'
import { fail } from '../../shared/errors.ts'
import type { SimProcess } from './sim-clock.ts'
import { type SimDisk, slotPath, userDataPath } from './sim-disk.ts'
import type { SimWorld } from './sim-engine.ts'

/** Directories of slots in a simulated home; each step is a fault point before and after its effect. */
export function simSlots(world: SimWorld, disk: SimDisk, process: SimProcess): SlotFiles {
  const { faults, random, directories } = world
  const lag = () => random.between(0.02, 1.5)

  /** Reading works on a full disk. */
  const reading = (op: string) => ['look', 'names', 'state', 'prove'].includes(op)

  async function step<T>(op: string, effect: () => T): Promise<T> {
    if (!process.alive()) return await process.never()
    const before = faults.at(`slot ${op}, before`, reading(op) ? ['crash', 'slow'] : ['full', 'crash', 'slow'])
    if (before === 'crash') process.kill()
    await process.wait(before === 'slow' ? random.between(50, 3000) : lag())
    if (before === 'full') throw fail('DISK_FULL', 'The simulated disk is full', { next: 'Make room.' })
    const result = effect()
    if (faults.at(`slot ${op}, after`, ['crash']) === 'crash') process.kill()
    await process.wait(lag())
    return result
  }

  const broken = (text: string) => fail('HOME_UNUSABLE', text, { next: 'Look at the disk.' })

  function state(slot: string): SlotState {
    const claim = disk.slots.get(slot)
    if (claim === undefined) return { kind: 'absent' }
    if (claim === null) return { kind: 'spare' }
    if ('retired' in claim) return { kind: 'retired' }
    return { kind: directories.has(slotPath(slot)) ? 'undone' : 'home', ...claim }
  }

  function mark(slot: string, claim: NonNullable<ReturnType<SimDisk['slots']['get']>>): boolean {
    if (!disk.slots.has(slot)) throw broken(`There is no slot ${slot}`)
    if (disk.slots.get(slot) !== null) return false
    disk.slots.set(slot, claim)
    return true
  }

  function moveBack(slot: string, place: Place): void {
    const data = directories.get(slotPath(slot))
    if (data === undefined || data.size === 0) return
    const thread = directories.get(userDataPath(place)) ?? new Map<string, string>()
    directories.set(userDataPath(place), thread)
    for (const [name, content] of [...data]) {
      if (thread.has(name)) throw broken(`${name} is there already`)
      thread.set(name, content)
      data.delete(name)
    }
  }

  function link(slot: string, place: Place): void {
    world.links.set(slotPath(slot), userDataPath(place))
  }

  function claimFiles(slot: string, place: Place, started: string): ClaimFiles {
    const data = () => {
      const found = directories.get(slotPath(slot))
      if (found === undefined) throw broken(`The directory of slot ${slot} is gone`)
      return found
    }
    return {
      look: () =>
        step('look', () => {
          if (place.thread === null) disk.anonymous.add(userDataPath(place))
          const thread = directories.get(userDataPath(place))
          return {
            slotEmpty: data().size === 0,
            covered: null,
            sameVolume: true,
            sameOwner: true,
            thread: thread ? ('directory' as const) : ('absent' as const),
            children: [...(thread?.keys() ?? [])],
            mode: 0o777,
          }
        }),
      stage: () => step('stage', () => undefined),
      clear: () => step('clear', () => undefined),
      mark: () => step('mark', () => mark(slot, { place, started })),
      moveIn: (name) =>
        step('moveIn', () => {
          const thread = directories.get(userDataPath(place))
          const content = thread?.get(name)
          if (content === undefined) throw broken(`${name} is gone`)
          data().set(name, content)
          thread?.delete(name)
        }),
      bringHome: () =>
        step('bringHome', () => {
          if ((directories.get(userDataPath(place))?.size ?? 0) > 0) throw broken('The thread directory is not empty')
          const moved = data()
          directories.delete(slotPath(slot))
          directories.set(userDataPath(place), moved)
        }),
      leaveLink: () => step('leaveLink', () => link(slot, place)),
      leaves: () => step('leaves', () => undefined),
      moveBack: () => step('moveBack', () => moveBack(slot, place)),
    }
  }

  return {
    userDataOf: slotPath,
    names: () => step('names', () => [...disk.slots.keys()]),
    tidy: () => step('tidy', () => undefined),
    state: (slot) => step('state', () => state(slot)),
    make: (slot) =>
      step('make', () => {
        disk.slots.set(slot, null)
        directories.set(slotPath(slot), new Map())
      }),
    prove: () => step('prove', () => null),
    untouched: (slot) => step('state', () => directories.get(slotPath(slot))?.size === 0),
    claim: claimFiles,
    retire: (slot) => step('retire', () => mark(slot, { retired: true })),
    recover: (slot) =>
      step('recover', () => {
        const now = state(slot)
        if (now.kind === 'undone') moveBack(slot, now.place)
        if (now.kind === 'home') link(slot, now.place)
        return now
      }),
    drop: (slot) =>
      step('drop', () => {
        const data = directories.get(slotPath(slot))
        const now = state(slot)
        if (data && data.size > 0 && now.kind !== 'retired') throw broken(`slot ${slot} is not empty`)
        directories.delete(slotPath(slot))
        world.links.delete(slotPath(slot))
        disk.slots.delete(slot)
      }),
  }
}
