import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { withHouse, works } from './with-house.ts'

needs('docker', 'lite-image').describe('D6: one holder leaving takes nothing from another', () => {
  it('the sandbox stays active, its command runs on, and it is warm only after the last one', async () => {
    await withHouse({}, async (house) => {
      const { engine } = house
      const a = await engine.call('acquire', { thread: 't', holder: 'a' })
      const b = await engine.call('acquire', { thread: 't', holder: 'b' })
      expect(b.container).toBe(a.container)
      const running = engine.call('exec', { thread: 't', command: 'sleep 0.5; echo done' })
      const left = await engine.call('release', { thread: 't', holder: 'a' })
      expect(left).toMatchObject({ released: true, sandbox: { status: 'active', holders: [{ holder: 'b' }] } })
      expect(await running).toMatchObject({ stdout: 'done\n', exit_code: 0 })
      expect(await engine.call('get', { thread: 't' })).toMatchObject({ status: 'active', container: a.container })
      expect(await works(house, 't')).toBe('works 0')
      // The same holder twice is one hold, and one that is gone cannot end another's.
      expect(await engine.call('release', { thread: 't', holder: 'a' })).toMatchObject({ released: false, sandbox: { status: 'active' } })
      expect(await engine.call('release', { thread: 't', holder: 'b' })).toMatchObject({ released: true, sandbox: { status: 'warm' } })
    })
  })
})
