import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'
import { list, withHouse } from './with-house.ts'

needs('docker', 'lite-image').describe('D11: an anonymous sandbox ends with its last hold', () => {
  it('it is never warm, takes no place and leaves no directory; two of them are two', async () => {
    await withHouse({ sandbox: { replicas: 2 }, config: 'capacity: { mode: reject }' }, async (house) => {
      const { engine } = house
      const [a, b] = await Promise.all([engine.call('acquire', {}), engine.call('acquire', {})])
      expect(a.id).not.toBe(b.id)
      await engine.call('exec', { id: a.id, command: 'echo secret > /mnt/user-data/workspace/a' })
      await engine.call('release', { id: a.id })
      await engine.call('release', { id: b.id })
      expect((await list(house)).map(({ status }) => status).filter((status) => status !== 'stopping')).toEqual([])
      await eventually('both are gone', async () => (await list(house)).length === 0, { within: 15_000 })
      expect(await house.containers()).toEqual([])
      const place = join(house.home, 'anonymous')
      expect(existsSync(place) ? readdirSync(place) : []).toEqual([])
      expect(await engine.call('acquire', { thread: 't' })).toMatchObject({ status: 'active', warnings: [] })
    })
  })
})
