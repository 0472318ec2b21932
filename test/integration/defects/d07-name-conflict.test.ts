import type Docker from 'dockerode'
import { expect, it } from 'vitest'
import type { House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'
import { reconfigure, withHouse, works } from './with-house.ts'

needs('docker', 'lite-image').describe('D7: a container of ours that holds the name and is of no use does not block its thread', () => {
  it('created but never started, ended, and running without ever answering', async () => {
    await withHouse({}, async (house) => {
      const { engine, docker } = house
      const like = await described(house)
      const leave = async (entrypoint: string[]) => await docker.createContainer({ ...like, name: house.nameOf('t'), Entrypoint: entrypoint })
      const acquired = async () => {
        const { container, path } = await engine.call('acquire', { thread: 't' })
        expect(await works(house, 't')).toBe('works 0')
        await engine.call('destroy', { thread: 't' })
        return { container, path }
      }

      const never = await leave(['sleep', '600'])
      expect(await acquired()).toMatchObject({ path: 'cold', container: expect.not.stringContaining(never.id) })

      const ended = await leave(['true'])
      await ended.start()
      await ended.wait()
      expect(await acquired()).toMatchObject({ path: 'cold', container: expect.not.stringContaining(ended.id) })

      const mute = await leave(['sleep', '600'])
      await mute.start()
      // It may get the time that any start gets, but not more than once.
      await reconfigure(house, 'ready_timeout: 2')
      await engine.call('acquire', { thread: 't' }).catch((error: { code: string }) => expect(error.code).toBe('NOT_READY'))
      await eventually('the mute one is gone', async () => !(await exists(docker, mute.id)), { within: 10_000 })
      await reconfigure(house, 'ready_timeout: 60')
      expect(await acquired()).toMatchObject({ container: expect.not.stringContaining(mute.id) })
    })
  })
})

/** All that Berth asks of the engine for this thread, labels too, taken from a living one. */
async function described({ engine, docker }: House): Promise<Docker.ContainerCreateOptions> {
  const { container } = await engine.call('acquire', { thread: 't' })
  const { Config, HostConfig } = await docker.getContainer(container ?? '').inspect()
  await engine.call('destroy', { thread: 't' })
  const { Image, Env, Labels, User } = Config
  return { Image, Env, Labels, User, HostConfig, ExposedPorts: { '8080/tcp': {} } }
}

async function exists(docker: Docker, ref: string): Promise<boolean> {
  return (await docker.listContainers({ all: true })).some(({ Id }) => Id === ref)
}
