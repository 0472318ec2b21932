import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'
import { list, withHouse } from './with-house.ts'

needs('docker', 'lite-image').describe('D4: what was over the cap goes with its release', () => {
  it('four in use at replicas: 2, all released: two are left, and no acquire was needed for that', async () => {
    await withHouse({ sandbox: { replicas: 2 } }, async (house) => {
      const threads = ['a', 'b', 'c', 'd']
      await Promise.all(threads.map((thread) => house.engine.call('acquire', { thread })))
      expect(await house.containers()).toHaveLength(4)
      for (const thread of threads) await house.engine.call('release', { thread })
      await eventually('only two are left', async () => (await house.containers()).length <= 2, { within: 10_000 })
      // That a third has gone is known here a moment after the container engine knows it.
      await expect.poll(async () => (await list(house)).map(({ status }) => status)).toEqual(['warm', 'warm'])
    })
  })
})
