import type { LeaseRecord } from '../../main/core/lease-record.ts'
import type { ProviderDeps } from '../../main/core/deps.ts'
import { simSlots } from './sim-slots.ts'
import { fail } from '../../shared/errors.ts'
import type { SimProcess } from './sim-clock.ts'
import { slotPath, userDataPath, type SimDisk } from './sim-disk.ts'
import type { SimWorld } from './sim-engine.ts'

/** The provider's files and directories, in memory and with faults, for one process of a world. */
export function simHome(
  world: SimWorld,
  disk: SimDisk,
  process: SimProcess,
): Pick<ProviderDeps, 'leases' | 'lock' | 'mountsOf' | 'extrasOf' | 'userDataOf' | 'discard' | 'slots' | 'slotMountsOf' | 'slotSourceOf'> {
  const { faults, random } = world
  const lag = () => random.between(0.05, 2)
  const waiting = new Map<string, LeaseRecord | null>()
  const full = () => fail('DISK_FULL', 'The simulated disk is full', { next: 'Make room.' })

  function writeBehind(id: string, record: LeaseRecord | null): void {
    if (!process.alive()) return
    const first = !waiting.has(id)
    waiting.set(id, record)
    if (first) process.clock.timer(random.between(0.5, 40), () => settle(id))
  }
  function settle(id: string): void {
    const record = waiting.get(id)
    if (record === undefined) return
    waiting.delete(id)
    if (faults.at(`lease ${id}`, ['full']) === 'full') return
    if (record === null) disk.leases.delete(id)
    else disk.leases.set(id, structuredClone(record))
  }

  return {
    slots: simSlots(world, disk, process),
    slotSourceOf: slotPath,
    slotMountsOf: async (slot) => {
      await process.wait(lag())
      return { mounts: [{ source: slotPath(slot), target: '/mnt/user-data', readonly: false }], seen: '' }
    },
    leases: {
      load: async () => {
        await process.wait(lag())
        return new Map([...disk.leases].map(([id, record]) => [id, structuredClone(record)]))
      },
      save: (id, record) => writeBehind(id, record),
      remove: (id) => writeBehind(id, null),
      written: async (id) => {
        while (waiting.has(id)) await process.wait(lag())
      },
      flush: async () => {
        await process.wait(lag())
        for (const id of [...waiting.keys()]) settle(id)
      },
    },
    lock: async (id, signal) => {
      for (;;) {
        await process.wait(lag(), { signal })
        const owner = disk.locks.get(id)
        if (owner === undefined || !owner.alive()) break
      }
      disk.locks.set(id, process)
      const broken = new AbortController()
      if (faults.at(`lock ${id}`, ['broken']) === 'broken') {
        process.clock.timer(random.between(0, 400), () => broken.abort(fail('LOCK_TIMEOUT', 'The lock was lost', { next: 'Try again.' })))
      }
      return {
        broken: broken.signal,
        release: async () => {
          if (disk.locks.get(id) === process) disk.locks.delete(id)
          await process.wait(lag())
        },
      }
    },
    mountsOf: async (place) => {
      await process.wait(lag())
      if (faults.at('mounts', ['full']) === 'full') throw full()
      const source = userDataPath(place)
      if (place.thread === null) disk.anonymous.add(source)
      if (!world.directories.has(source)) world.directories.set(source, new Map())
      return [{ source, target: '/mnt/user-data', readonly: false }]
    },
    // Nobody in a simulation asks for any.
    extrasOf: async () => ({ mounts: [], hash: '', warnings: [] }),
    userDataOf: async (place) => {
      await process.wait(lag())
      return userDataPath(place)
    },
    discard: async (place) => {
      await process.wait(lag())
      if (place.thread !== null) throw new Error(`discard of a thread's directory: ${place.user}/${place.thread}`)
      if (faults.at('discard', ['full']) === 'full') throw full()
      world.trace(`  discard ${place.id}`)
      world.directories.delete(userDataPath(place))
    },
  }
}
