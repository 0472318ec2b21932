import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { withHouse, works } from './with-house.ts'

/** An answer is believed for a second; after it an active sandbox is asked again. */
const proofEnds = 1100

needs('docker', 'lite-image').describe('D1: a dead container is never handed out', () => {
  it('neither an active one nor a warm one; the files are there', async () => {
    await withHouse({}, async (house) => {
      const { engine, docker } = house
      const first = await engine.call('acquire', { thread: 't' })
      await engine.call('exec', { thread: 't', command: 'echo kept > /mnt/user-data/workspace/a' })
      await docker.getContainer(first.container ?? '').kill()
      await sleep(proofEnds)
      const second = await engine.call('acquire', { thread: 't' })
      expect(second.container).not.toBe(first.container)
      expect(second).toMatchObject({ id: first.id, was_replaced: true })
      expect(await engine.call('exec', { thread: 't', command: 'cat /mnt/user-data/workspace/a' })).toMatchObject({ stdout: 'kept\n', exit_code: 0 })

      await engine.call('release', { thread: 't' })
      await docker.getContainer(second.container ?? '').kill()
      const third = await engine.call('acquire', { thread: 't' })
      expect(third.container).not.toBe(second.container)
      expect(await works(house, 't')).toBe('works 0')
      expect(await house.containers()).toEqual([house.nameOf('t')])
    })
  })
})
