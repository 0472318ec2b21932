import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { expect, it } from 'vitest'
import type { House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { variantImage } from '../../support/variant-image.ts'
import { withHouse } from './with-house.ts'

/** Seconds that a boot may be made longer by. */
const delays = [0.3, 0.5, 0.7, 0.9, 1.1, 1.3]

needs('docker', 'lite-image').describe('D13: a slow boot costs its own time, not the next tick of a clock', () => {
  it('a cold acquire is as long as the boot, measured beside it', async () => {
    // A step of a second would be hidden where boots end just before one is full, so they are made to end after it.
    const plain = await withImage('0', async (house) => (await bootRaw(house)) / 1000)
    const delay = delays.find((extra) => (plain + extra) % 1 > 0.1 && (plain + extra) % 1 < 0.4) ?? 0.3
    await withImage(String(delay), async (house) => {
      const raw: number[] = []
      const berth: number[] = []
      for (let round = 0; round < 3; round += 1) {
        raw.push(await bootRaw(house))
        const began = performance.now()
        await house.engine.call('acquire', { thread: 'measured' })
        berth.push(performance.now() - began)
        await house.engine.call('destroy', { thread: 'measured' })
      }
      expect(Math.min(...berth) / Math.min(...raw)).toBeLessThan(1.25)
    })
  })
})

async function withImage<T>(delay: string, body: (house: House) => Promise<T>): Promise<T> {
  const image = await variantImage((server) => `sleep ${delay}; exec ${server}`)
  const results: T[] = []
  try {
    await withHouse({ sandbox: { image: image.name } }, async (house) => {
      await house.engine.call('acquire', { thread: 'like' })
      results.push(await body(house))
    })
    return results[0] as T
  } finally {
    await image.remove()
  }
}

/** Milliseconds from nothing to a command that ran, of the container that Berth would make, by the engine's API alone. */
async function bootRaw({ docker, prefix, nameOf }: House): Promise<number> {
  const { Config, HostConfig } = await docker.getContainer(nameOf('like')).inspect()
  const { Image, Env, User } = Config
  const options: Docker.ContainerCreateOptions = { name: `${prefix}-raw`, Image, Env, User, HostConfig, ExposedPorts: { '8080/tcp': {} } }
  const key = Env.find((line) => line.startsWith('SANDBOX_API_KEY='))?.split('=')[1] ?? ''
  const began = performance.now()
  const container = await docker.createContainer(options)
  try {
    await container.start()
    const port = (await container.inspect()).NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort
    const run = { method: 'POST', headers: { 'X-AIO-API-Key': key, 'content-type': 'application/json' }, body: '{"command":"true"}' }
    for (;;) {
      // Refused connections are what a boot looks like.
      const answer = await fetch(`http://127.0.0.1:${port}/v1/bash/exec`, run).catch(() => null)
      if (answer?.status === 200) {
        await answer.arrayBuffer()
        return performance.now() - began
      }
      await sleep(5)
    }
  } finally {
    await container.remove({ force: true })
  }
}
