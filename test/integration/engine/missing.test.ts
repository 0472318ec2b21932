import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { socketRelay, type Relay } from '../../support/socket-relay.ts'
import { type TempDir, tempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

needs('docker', 'lite-image', 'bubblewrap').describe('a machine with nothing that could run a sandbox', () => {
  let temp: TempDir
  let relay: Relay
  let house: House
  /** What of the machine this engine sees: its programs, and where its container engine would be. */
  let env: Record<string, string>
  beforeEach(async () => {
    temp = await tempDir('missing')
    relay = socketRelay(join(temp.path, 'd.sock'))
    await mkdir(join(temp.path, 'bin'))
    env = { PATH: join(temp.path, 'bin'), DOCKER_HOST: relay.host }
  })
  afterEach(async () => {
    await relay.close()
    await relay.open()
    await house.close()
    await relay.close()
    await temp.remove()
  })

  const kind = async () => (await house.engine.call('status', {})).backend.kind
  const becomes = (wanted: string) => eventually(`the backend is ${wanted}`, async () => (await kind()) === wanted, { within: 60_000 })
  const giveBubblewrap = () => symlink('/usr/bin/bwrap', join(temp.path, 'bin', 'bwrap'))

  it('starts, refuses at once with the cause and the command, and works with the container engine that comes, at the same address', async () => {
    house = await openHouse({ backend: 'auto', env })
    const { instance, url } = house.engine
    expect(await kind()).toBe('none')
    await expect(house.engine.call('acquire', { thread: 'early' })).rejects.toMatchObject({
      code: 'ISOLATION_MISSING',
      message: expect.stringContaining('nothing is at') as string,
      next: expect.stringMatching(/^Run: .*install bubblewrap/) as string,
    })
    expect(await house.engine.call('retry', {})).toMatchObject({ reachable: false })
    expect(await house.engine.call('config', {})).toHaveProperty('values')
    expect((await house.engine.call('list', {})).sandboxes.map(({ status }) => status)).toEqual(['failed'])
    const { url: link } = await house.engine.call('login_link', {})
    await relay.open()
    // A person who cannot wait three seconds.
    await house.engine.call('retry', {})
    await becomes('docker')
    expect(house.engine.url).toBe(url)
    expect(house.engine.instance).not.toBe(instance)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect(await house.engine.call('acquire', { thread: 'early' })).toMatchObject({ backend: 'docker' })
    // The link from before is still good.
    const opened = await fetch(`${url}/berth/v1/session_open`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: link.split('=')[1] }),
    })
    expect(opened.status).toBe(200)
  })

  it('works with bubblewrap when that comes first; then a container engine is offered, and taken when a person says so', async () => {
    house = await openHouse({ backend: 'auto', env })
    expect(await kind()).toBe('none')
    await giveBubblewrap()
    await becomes('embedded')
    const { port } = house.engine
    expect(await house.engine.call('switch_backend', {})).toEqual({ switching: false })
    await house.engine.call('acquire', { thread: 'work' })
    await house.engine.call('exec', { thread: 'work', command: 'echo kept > /mnt/user-data/workspace/file' })
    await relay.open()
    await eventually(
      'it is offered',
      async () => {
        await house.engine.call('retry', {})
        return (await house.engine.call('switch_backend', {})).switching
      },
      { every: 500 },
    )
    await becomes('docker')
    expect(house.engine.port).toBe(port)
    expect(await house.engine.call('acquire', { thread: 'work' })).toMatchObject({ backend: 'docker' })
    expect((await house.engine.call('exec', { thread: 'work', command: 'cat /mnt/user-data/workspace/file' })).stdout).toBe('kept\n')
  })

  it('but that once had a container engine waits for it: never weaker isolation, though bubblewrap is there', async () => {
    await giveBubblewrap()
    await relay.open()
    house = await openHouse({ backend: 'auto', env, config: 'on_exit: keep\nacquire_timeout: 2' })
    expect(await kind()).toBe('docker')
    await relay.close()
    house = await house.reopen()
    const { backend } = await house.engine.call('status', {})
    expect(backend).toMatchObject({ kind: 'docker', chosen: 'remembered', reachable: false })
    await expect(house.engine.call('acquire', { thread: 'waits' })).rejects.toMatchObject({
      code: expect.stringMatching(/^ENGINE_|CAPACITY_TIMEOUT|STARTING/) as string,
    })
    await relay.open()
    await eventually('it is back', async () => (await house.engine.call('status', {})).backend.reachable)
    expect(await eventually('it takes', () => house.engine.call('acquire', { thread: 'waits' }))).toMatchObject({ backend: 'docker' })
  })
})
