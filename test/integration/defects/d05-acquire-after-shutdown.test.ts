import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { within } from '../../support/wait.ts'
import { withHouse } from './with-house.ts'

needs('docker', 'lite-image').describe('D5: nothing is made once a shutdown has begun', () => {
  it('an acquire during it and after it is refused, a second shutdown ends as well, no container is left', async () => {
    await withHouse({}, async ({ engine, containers }) => {
      await engine.call('acquire', { thread: 'before' })
      const flying = engine.call('acquire', { thread: 'flying' }).then(
        () => 'made',
        (error: { code: string }) => error.code,
      )
      const closing = engine.close()
      const during = engine.call('acquire', { thread: 'during' }).then(
        () => 'made',
        (error: { code: string }) => error.code,
      )
      expect(await during).toBe('SHUTTING_DOWN')
      await within(30_000, 'the shutdown', closing)
      expect(await flying).toBe('SHUTTING_DOWN')
      await within(30_000, 'a second shutdown', engine.close())
      await expect(engine.call('acquire', { thread: 'after' })).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
      expect(await containers()).toEqual([])
    })
  })
})
