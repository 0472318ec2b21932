import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { eventually, within } from '../../support/wait.ts'
import { withHouse } from './with-house.ts'

needs('docker', 'lite-image').describe('D16: a crash in the middle of a turn is seen in the middle of the turn', () => {
  it('the running command is told, get tells the truth, and the next acquire says that it was replaced', async () => {
    await withHouse({}, async ({ engine, docker }) => {
      const first = await engine.call('acquire', { thread: 't' })
      const running = engine.call('exec', { thread: 't', command: 'sleep 60' }).then(
        () => 'ended',
        (error: { code: string }) => error.code,
      )
      await docker.getContainer(first.container ?? '').kill()
      expect(await within(10_000, 'word of the crash', running)).toBe('SANDBOX_LOST')
      const told = await eventually(
        'get knows it',
        async () => {
          const now = await engine.call('get', { thread: 't' })
          return now.status !== 'active' && now
        },
        { within: 5000 },
      )
      expect(told.error).toMatchObject({ code: 'SANDBOX_LOST' })
      expect(['stopping', 'failed']).toContain(told.status)

      const second = await engine.call('acquire', { thread: 't' })
      expect(second).toMatchObject({ was_replaced: true, replaced: 1, status: 'active' })
      expect(second.container).not.toBe(first.container)
      // Told once.
      expect(await engine.call('acquire', { thread: 't' })).toMatchObject({ was_replaced: false, container: second.container })
    })
  })
})
