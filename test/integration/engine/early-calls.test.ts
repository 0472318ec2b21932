import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Backend } from '../../../main/backends/backend.ts'
import { openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'

/** The engine's answer to the first look comes late: what happens before it must not be decided without it. */
const late = (backend: Backend): Backend => ({
  ...backend,
  async list() {
    await sleep(500)
    return await backend.list()
  },
})

needs('docker', 'lite-image').describe('before an engine has looked at what runs', () => {
  it('a command runs in the sandbox of before, a release ends its hold, a destroy ends it', async () => {
    let house = await openHouse({ config: 'on_exit: keep', decorate: late })
    try {
      const before = await house.engine.call('acquire', { thread: 'early', holder: 'one' })
      await house.engine.call('acquire', { thread: 'early', holder: 'two' })
      house = await house.reopen()
      expect(await house.engine.call('exec', { thread: 'early', command: 'echo there' })).toMatchObject({ stdout: 'there\n' })
      house = await house.reopen()
      expect(await house.engine.call('release', { thread: 'early', holder: 'one' })).toMatchObject({ released: true })
      const after = await house.engine.call('get', { thread: 'early' })
      expect(after).toMatchObject({ container: before.container, status: 'active' })
      expect(after.holders.map(({ holder }) => holder)).toEqual(['two'])
      house = await house.reopen()
      expect(await house.engine.call('destroy', { thread: 'early' })).toEqual({ destroyed: true })
      expect(await house.containers()).toEqual([])
    } finally {
      await house.close()
    }
  })

  it('an orderly end forgets no hold', async () => {
    let house = await openHouse({ config: 'on_exit: keep', decorate: late })
    try {
      const before = await house.engine.call('acquire', { thread: 'kept', holder: 'one' })
      house = await (await house.reopen()).reopen()
      const after = await house.engine.call('acquire', { thread: 'kept', holder: 'two' })
      expect(after.container).toBe(before.container)
      expect(after.holders.map(({ holder }) => holder)).toEqual(['one', 'two'])
    } finally {
      await house.close()
    }
  })
})
