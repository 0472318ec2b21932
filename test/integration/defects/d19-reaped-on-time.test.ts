import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'
import { eventsOf, list, withHouse } from './with-house.ts'

needs('docker', 'lite-image').describe('D19: an idle sandbox goes when it is due, not at the next minute', () => {
  it('released with idle_timeout: 1, it goes after a second, as it was announced', async () => {
    await withHouse({ sandbox: { idle_timeout: 1 } }, async (house) => {
      await house.engine.call('acquire', { thread: 't' })
      const { sandbox } = await house.engine.call('release', { thread: 't' })
      const due = Date.parse(sandbox?.expires_at ?? '')
      await eventually('it is reaped', async () => (await list(house)).length === 0, { within: 20_000 })
      const reaped = (await eventsOf(house, 't')).find(({ who }) => who === 'berth:idle')
      const late = Date.parse(reaped?.at ?? '') - due
      expect(late).toBeGreaterThanOrEqual(-5)
      expect(late).toBeLessThan(10_000)
      expect(await house.containers()).toEqual([])
    })
  })
})
