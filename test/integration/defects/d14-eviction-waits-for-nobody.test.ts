import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { variantImage } from '../../support/variant-image.ts'
import { list, withHouse, works } from './with-house.ts'

needs('docker', 'lite-image').describe('D14: an eviction does not hold up the acquire that caused it', () => {
  it('the victim ignores SIGTERM and has 20 seconds: the next thread is served while it is still going', async () => {
    const image = await variantImage((server) => `trap '' TERM PWR; ${server} & wait`)
    try {
      await withHouse({ sandbox: { image: image.name, replicas: 1 }, config: 'stop_grace: 20' }, async (house) => {
        const { engine, docker, nameOf } = house
        await engine.call('acquire', { thread: 'old' })
        await engine.call('release', { thread: 'old' })
        try {
          await engine.call('acquire', { thread: 'new' })
          const states = Object.fromEntries((await list(house)).map(({ thread, status }) => [thread, status]))
          expect(states).toEqual({ old: 'stopping', new: 'active' })
          expect((await house.containers()).toSorted()).toEqual([nameOf('new'), nameOf('old')].toSorted())
          expect(await works(house, 'new')).toBe('works 0')
        } finally {
          for (const name of await house.containers()) await docker.getContainer(name).kill()
        }
      })
    } finally {
      await image.remove()
    }
  })
})
