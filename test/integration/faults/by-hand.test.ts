import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'

needs('docker', 'lite-image').describe('what a person does to containers by hand', () => {
  let house: House
  const acquire = (thread: string) => house.engine.call('acquire', { thread, holder: 'me' })
  const hello = async (thread: string) => (await house.engine.call('exec', { thread, command: 'cat /mnt/user-data/workspace/a' })).stdout
  const container = (thread: string) => house.docker.getContainer(house.nameOf(thread))

  beforeAll(async () => {
    house = await openHouse({ sandbox: { replicas: 20 } })
  })
  afterAll(() => house?.close())

  /** Acquired, with a file in it. */
  async function given(thread: string): Promise<string | null> {
    const got = await acquire(thread)
    await house.engine.call('write', { thread, path: '/mnt/user-data/workspace/a', content: thread })
    return got.container
  }

  for (const [what, by] of [
    ['removed', (thread: string) => container(thread).remove({ force: true })],
    ['stopped', (thread: string) => container(thread).stop({ t: 0 })],
    // Berth removes what ended; the engine may find that out in the middle of the restart, and says so to whoever asked for it.
    [
      'restarted',
      (thread: string) =>
        container(thread)
          .restart({ t: 0 })
          .catch((error: { statusCode?: number }) => {
            if (![404, 409, 500].includes(error.statusCode ?? 0)) throw error
          }),
    ],
  ] as const) {
    it(`${what}: the loss is seen at once, a new one has the files, the holder is told, nothing is left over`, async () => {
      const thread = `hand-${what}`
      const before = await given(thread)
      await by(thread)
      await eventually('it is no longer shown as running', async () => !['active', 'warm'].includes((await house.engine.call('get', { thread })).status))
      const after = await acquire(thread)
      expect(after).toMatchObject({ was_replaced: true, replaced: 1 })
      expect(after.container).not.toBe(before)
      expect(await hello(thread)).toBe(thread)
      expect((await acquire(thread)).was_replaced).toBe(false)
      expect((await house.containers()).filter((name) => name === house.nameOf(thread))).toHaveLength(1)
    })
  }

  it('paused: the next acquire wakes it, processes and all', async () => {
    const before = await given('hand-paused')
    await container('hand-paused').pause()
    const after = await acquire('hand-paused')
    expect(after).toMatchObject({ container: before, was_replaced: false })
    expect(await hello('hand-paused')).toBe('hand-paused')
  })

  it("a stranger's container with our name: refused by name, left as it is, and the next step works", async () => {
    const name = house.nameOf('hand-stranger')
    const { Image } = (await house.docker.getContainer(house.nameOf('hand-paused')).inspect()) as { Image: string }
    const stranger = await house.docker.createContainer({ name, Image, Entrypoint: ['sleep', '600'] })
    await stranger.start()
    try {
      await expect(acquire('hand-stranger')).rejects.toMatchObject({
        code: 'NAME_TAKEN',
        message: expect.stringContaining(name),
        next: expect.stringMatching(/container_prefix/),
      })
      expect((await stranger.inspect()).State.Running).toBe(true)
      expect(await house.engine.call('get', { thread: 'hand-stranger' })).toMatchObject({ status: 'failed', error: { code: 'NAME_TAKEN' } })
    } finally {
      await stranger.remove({ force: true })
    }
    expect(await acquire('hand-stranger')).toMatchObject({ status: 'active', path: 'cold' })
  })
})
