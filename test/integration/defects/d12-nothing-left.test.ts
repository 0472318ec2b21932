import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'
import { list, withHouse } from './with-house.ts'

needs('docker', 'lite-image').describe('D12: threads that came and went leave nothing', () => {
  it('no lock file, no lease file, no entry, no container', async () => {
    await withHouse({ sandbox: { replicas: 8 } }, async (house) => {
      const { engine, home } = house
      const threads = Array.from({ length: 8 }, (_, n) => `t${n}`)
      const before = readdirSync(join(home, 'locks')).toSorted()
      await Promise.all(
        threads.map(async (thread) => {
          await engine.call('acquire', { thread, holder: 'a' })
          await engine.call('acquire', { thread, holder: 'b' })
          await engine.call('release', { thread, holder: 'a' })
          await engine.call('release', { thread, holder: 'b' })
          await engine.call('destroy', { thread })
        }),
      )
      expect(readdirSync(join(home, 'locks')).toSorted()).toEqual(before)
      // Written behind.
      await eventually('no lease file is left', () => readdirSync(join(home, 'leases')).length === 0, { within: 5000 })
      expect(await list(house)).toEqual([])
      expect(await house.containers()).toEqual([])
    })
  })
})
