import { setTimeout as sleep } from 'node:timers/promises'
import Docker from 'dockerode'
import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { liteReference, variantImage } from '../../support/variant-image.ts'
import { withHouse } from './with-house.ts'

/** Seconds that a boot may be made longer by. */
const delays = [0.3, 0.5, 0.7, 0.9, 1.1, 1.3]

needs('docker', 'lite-image').describe('D13: a slow boot costs its own time, not the next tick of a clock', () => {
  it('a cold acquire is as long as the boot, measured beside it', async () => {
    const docker = new Docker()
    // A step of a second would be hidden where boots end just before one is full, so they are made to end after it.
    const plain = (await boot(docker, { Image: await liteReference(), Env: ['SANDBOX_API_KEY=plain'], HostConfig: onLoopback })) / 1000
    const delay = delays.find((extra) => (plain + extra) % 1 > 0.1 && (plain + extra) % 1 < 0.4) ?? 0.3
    const image = await variantImage((server) => `sleep ${delay}; exec ${server}`)
    try {
      await withHouse({ sandbox: { image: image.name }, config: 'stop_grace: 0' }, async ({ engine, nameOf }) => {
        await engine.call('acquire', { thread: 'like' })
        const { Config, HostConfig } = await docker.getContainer(nameOf('like')).inspect()
        const { Image, Env, User } = Config
        const raw: number[] = []
        const berth: number[] = []
        for (let round = 0; round < 3; round += 1) {
          raw.push(await boot(docker, { Image, Env, User, HostConfig }))
          const began = performance.now()
          await engine.call('acquire', { thread: 'measured' })
          berth.push(performance.now() - began)
          await engine.call('destroy', { thread: 'measured' })
        }
        expect(Math.min(...berth) / Math.min(...raw)).toBeLessThan(1.25)
      })
    } finally {
      await image.remove()
    }
  })
})

const onLoopback: Docker.HostConfig = { Init: true, PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } }

/** Milliseconds from nothing to a command that ran, by the engine's API alone. */
async function boot(docker: Docker, like: Docker.ContainerCreateOptions): Promise<number> {
  const key = like.Env?.find((line) => line.startsWith('SANDBOX_API_KEY='))?.split('=')[1] ?? ''
  const began = performance.now()
  const container = await docker.createContainer({ ...like, ExposedPorts: { '8080/tcp': {} } })
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
