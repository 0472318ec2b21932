import { randomBytes } from 'node:crypto'
import Docker from 'dockerode'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { slowRegistry, type SlowRegistry } from '../../support/slow-registry.ts'
import { stateOf } from '../../support/state-of.ts'
import { variantImage } from '../../support/variant-image.ts'
import { eventually } from '../../support/wait.ts'

needs('docker', 'lite-image').describe('images, seen and steered', () => {
  const docker = new Docker()
  let registry: SlowRegistry
  beforeAll(async () => {
    registry = await slowRegistry(32 * 1024 * 1024)
    registry.pace = 50
  })
  afterAll(async () => {
    await removeImage(docker, registry.image)
    await registry.close()
  })

  it('a pull shows its layers, is given up for all who wait, and can be begun again, by hand or by an acquire', async () => {
    const house = await openHouse({ sandbox: { image: registry.image } })
    try {
      const screen = await house.engine.endpoint('desktop')
      const image = async () => (await stateOf(screen)).house.image!
      const pulling = () =>
        eventually('bytes come', async () => {
          const now = await image()
          return now.since !== null && now.layers.some(({ done }) => (done ?? 0) > 0) ? now : undefined
        })
      const first = await pulling()
      expect(first).toMatchObject({ name: registry.image, present: false, problem: null, progress: { step: 'image-pull' } })
      expect(first.layers[0]).toMatchObject({ id: expect.any(String), step: expect.any(String) })
      expect(await screen.call('image_prepare', {})).toEqual({ started: false })

      let told = false
      const acquiring = house.engine.call(
        'acquire',
        { thread: 'waits' },
        { onChunk: (chunk) => void (told ||= chunk.type === 'progress' && chunk.step === 'image-pull') },
      )
      const waits = expect(acquiring).rejects.toMatchObject({
        code: 'CANCELLED',
        message: expect.stringContaining('given up'),
        next: expect.stringContaining('again'),
      })
      await eventually('it waits for the same pull', () => told)
      expect(await screen.call('image_cancel', {})).toEqual({ cancelled: true })
      await waits
      await eventually('the download has stopped', () => registry.sending() === 0)
      await eventually('nothing is on its way', async () => (await image()).since === null)
      expect(await image()).toMatchObject({ present: false, problem: null, progress: null, layers: [] })
      expect(await screen.call('image_cancel', {})).toEqual({ cancelled: false })

      expect(await screen.call('image_prepare', {})).toEqual({ started: true })
      await pulling()
      expect(await screen.call('image_cancel', {})).toEqual({ cancelled: true })
      await eventually('nothing is on its way', async () => (await image()).since === null)

      const asked = expect(house.engine.call('acquire', { thread: 'asks' })).rejects.toMatchObject({ code: 'CANCELLED' })
      await pulling()
      expect(await screen.call('image_cancel', {})).toEqual({ cancelled: true })
      await asked
      expect(await house.containers()).toEqual([])
    } finally {
      await house.close()
    }
  })

  it('an image in use is said to be and stays; once free it goes, and only by the name that is ours', async () => {
    const variant = await variantImage((server) => `exec ${server}`)
    const alias = `berthtest-other:${randomBytes(6).toString('hex')}`
    const house = await openHouse({ sandbox: { image: variant.name } })
    try {
      await docker.getImage(variant.name).tag({ repo: alias.split(':')[0]!, tag: alias.split(':')[1]! })
      const screen = await house.engine.endpoint('desktop')
      const { id: sandbox } = await house.engine.call('acquire', { thread: 'uses' })
      const mine = async () => (await screen.call('images', {})).images.find(({ names }) => names.includes(variant.name))
      const { Id, Size } = await docker.getImage(variant.name).inspect()
      const row = (await mine())!
      expect(row).toEqual({ id: Id, names: [variant.name], bytes: expect.any(Number), created_at: expect.any(String), current: true, used_by: [sandbox] })
      expect(row.bytes).toBeGreaterThan(Size / 4)
      await expect(screen.call('image_remove', { id: Id })).rejects.toMatchObject({ code: 'THREAD_IN_USE' })
      await house.engine.call('destroy', { thread: 'uses' })
      // Somebody else's container, of which Berth knows nothing.
      const stranger = await docker.createContainer({ Image: variant.name })
      await expect(screen.call('image_remove', { id: Id })).rejects.toMatchObject({ code: 'THREAD_IN_USE', message: expect.stringContaining('made of it') })
      await stranger.remove({ force: true })
      expect(await screen.call('image_remove', { id: Id })).toEqual({ removed: true })
      expect((await docker.getImage(alias).inspect()).RepoTags).toEqual([alias])
      expect(await mine()).toBeUndefined()
      expect((await stateOf(screen)).house.image).toMatchObject({ name: variant.name, present: false })
      await expect(screen.call('image_remove', { id: Id })).rejects.toMatchObject({ code: 'IMAGE_MISSING' })
      // Gone from the engine, so that a try to get it begins; nobody has it.
      expect(await screen.call('image_prepare', {})).toEqual({ started: true })
      await eventually('why it failed is said', async () => (await stateOf(screen)).house.image?.problem)
    } finally {
      await house.close()
      for (const name of [variant.name, alias]) await removeImage(docker, name)
    }
  })
})

/** One that is not there is as good as removed. */
async function removeImage(docker: Docker, name: string): Promise<void> {
  await docker
    .getImage(name)
    .remove({ force: true })
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404) throw error
    })
}
