import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { withHouse } from './with-house.ts'

needs('docker', 'lite-image').describe('D9: a sandbox in which a command runs is not idle', () => {
  it('neither for a command through Berth nor for one that came by the direct address', async () => {
    await withHouse({ sandbox: { idle_timeout: 1 } }, async ({ engine }) => {
      const { container } = await engine.call('acquire', { thread: 'held' })
      const { url, headers } = await engine.call('acquire', { thread: 'direct' })
      // Three times as long as it takes to be forgotten: a hold ends after idle_timeout, a warm one goes after it again.
      const held = engine.call('exec', { thread: 'held', command: 'sleep 4; echo done' })
      const direct = fetch(`${url}/v1/bash/exec`, {
        method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ command: 'sleep 4; echo done' }),
      }).then(async (answer) => (await answer.json()) as unknown)
      expect(await held).toMatchObject({ stdout: 'done\n', exit_code: 0 })
      expect(await direct).toMatchObject({ data: { stdout: 'done\n', exit_code: 0 } })
      expect(await engine.call('get', { thread: 'held' })).toMatchObject({ status: 'active', container })
      expect(await engine.call('get', { thread: 'direct' })).toMatchObject({ status: 'active' })
    })
  })
})
