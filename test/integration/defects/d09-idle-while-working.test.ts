import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { withHouse } from './with-house.ts'

/** Four times idle_timeout: a hold would end after one, the sandbox after two. */
const command = 'sleep 4; echo done'

needs('docker', 'lite-image').describe('D9: a sandbox in which a command runs is not idle', () => {
  it('for a command through Berth', async () => {
    await withHouse({ sandbox: { idle_timeout: 1 } }, async ({ engine }) => {
      const { container } = await engine.call('acquire', { thread: 't' })
      expect(await engine.call('exec', { thread: 't', command })).toMatchObject({ stdout: 'done\n', exit_code: 0 })
      // From its end on it counts anew.
      expect(await engine.call('get', { thread: 't' })).toMatchObject({ status: 'active', container })
    })
  })

  it('for one that came by the direct address', async () => {
    await withHouse({ sandbox: { idle_timeout: 1 } }, async ({ engine }) => {
      const { url, headers, container } = await engine.call('acquire', { thread: 't' })
      const answer = await fetch(`${url}/v1/bash/exec`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ command }),
      })
      expect(await answer.json()).toMatchObject({ data: { stdout: 'done\n', exit_code: 0 } })
      expect(await engine.call('get', { thread: 't' })).toMatchObject({ container, status: expect.not.stringMatching('stopping') })
    })
  })
})
