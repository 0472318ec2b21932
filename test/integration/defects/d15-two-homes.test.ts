import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { variantImage } from '../../support/variant-image.ts'
import { list, reconfigure, withHouse, works } from './with-house.ts'

needs('docker', 'lite-image').describe('D15: a name alone makes no container ours', () => {
  it('two homes with one container_prefix never adopt, use or remove what is the other one’s', async () => {
    const container_prefix = `bt${randomBytes(4).toString('hex')}`
    await withHouse({ sandbox: { container_prefix } }, async (here) => {
      const mine = await here.engine.call('acquire', { thread: 't' })
      let there = await openHouse({ sandbox: { container_prefix } })
      try {
        // The same user and thread, so the same name on the engine.
        await expect(there.engine.call('acquire', { thread: 't' })).rejects.toMatchObject({ code: 'NAME_TAKEN', details: { container: mine.container } })
        await there.engine.call('acquire', { thread: 'other' })
        there = await there.reopen()
        expect((await list(there)).map(({ container }) => container)).not.toContain(mine.container)
      } finally {
        await there.close()
      }
      expect(await here.engine.call('acquire', { thread: 't' })).toMatchObject({ container: mine.container, was_replaced: false })
      expect(await works(here, 't')).toBe('works 0')
    })
  })

  it('a warm one made under other variables, mounts or another image is replaced', async () => {
    const shared = await tempDir('d15')
    const image = await variantImage((server) => `exec ${server}`)
    try {
      await withHouse({}, async (house) => {
        const { engine } = house
        await mkdir(join(shared.path, 'data'))
        let last = (await engine.call('acquire', { thread: 't' })).container
        await engine.call('release', { thread: 't' })
        for (const change of [
          '  environment: { COLOUR: red }',
          `  mounts: [{ host_path: ${JSON.stringify(join(shared.path, 'data'))}, container_path: /data }]`,
          `  image: ${image.name}`,
        ]) {
          await reconfigure(house, change)
          const got = await engine.call('acquire', { thread: 't' })
          expect(got, change).toMatchObject({ path: 'cold', was_replaced: false })
          expect(got.container, change).not.toBe(last)
          last = got.container
          await engine.call('release', { thread: 't' })
        }
        // In use it stays what it is, whatever the configuration says by now.
        await engine.call('acquire', { thread: 't' })
        await reconfigure(house, '')
        expect(await engine.call('acquire', { thread: 't' })).toMatchObject({ path: 'reuse', container: last })
      })
    } finally {
      await image.remove()
      await shared.remove()
    }
  })
})
