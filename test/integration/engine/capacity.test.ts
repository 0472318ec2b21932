import { expect, it } from 'vitest'
import type { BerthError } from '../../../shared/errors.ts'
import type { Acquired } from '../../../shared/sandbox.ts'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'

const threads = Array.from({ length: 20 }, (_, n) => `t${n}`)

/** The most containers of this house that any sample of the engine saw, in any state, while `work` ran. */
async function mostSeen<T>(house: House, work: Promise<T>): Promise<{ most: number; result: T }> {
  let most = 0
  let done = false
  const sampling = (async () => {
    while (!done) {
      most = Math.max(most, (await house.containers()).length)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  })()
  const result = await work.finally(() => {
    done = true
  })
  await sampling
  return { most, result }
}

needs('docker', 'lite-image').describe('20 threads at once with replicas: 3', () => {
  it('soft: all get one, and 17 are warned', async () => {
    const house = await openHouse({ sandbox: { replicas: 3 } })
    try {
      const got = await Promise.all(threads.map((thread) => house.engine.call('acquire', { thread })))
      expect(new Set(got.map(({ container }) => container)).size).toBe(20)
      expect(got.filter(({ warnings }) => warnings.length > 0)).toHaveLength(17)
      expect(await house.containers()).toHaveLength(20)
    } finally {
      await house.close()
    }
  })

  it('reject: three get one, the others are told so, and the engine never shows more than three', async () => {
    const house = await openHouse({ sandbox: { replicas: 3 }, config: 'capacity: { mode: reject }' })
    try {
      const all = Promise.allSettled(threads.map((thread) => house.engine.call('acquire', { thread })))
      const { most, result } = await mostSeen(house, all)
      expect(result.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
      for (const one of result) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'CAPACITY_REJECTED' })
      expect(most).toBeLessThanOrEqual(3)
    } finally {
      await house.close()
    }
  })

  it('queue: nobody is lost, first come first served, and the engine never shows more than three', async () => {
    const house = await openHouse({ sandbox: { replicas: 3 }, config: 'capacity: { mode: queue, acquire_timeout: 100 }' })
    try {
      const served: string[] = []
      const one = async (thread: string): Promise<Acquired | BerthError> => {
        const got = await house.engine.call('acquire', { thread })
        served.push(thread)
        await house.engine.call('exec', { thread, command: 'echo done > /mnt/user-data/workspace/a' })
        await house.engine.call('release', { thread })
        return got
      }
      const { most, result } = await mostSeen(house, Promise.all(threads.map(one)))
      expect(result).toHaveLength(20)
      expect(most).toBeLessThanOrEqual(3)
      // Three are made at a time, so neighbours may finish in another order; nobody passes more than those beside it.
      for (const [at, thread] of served.entries()) expect(Math.abs(at - threads.indexOf(thread))).toBeLessThanOrEqual(3)
    } finally {
      await house.close()
    }
  })
})
