import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeBackend } from '../../support/backend-contract.ts'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { describeRemote } from '../../support/remote-behaviour.ts'
import { remoteSubject } from '../../support/remote-subject.ts'
import { eventually } from '../../support/wait.ts'

/** Ports that other tests do not take while it is stopped: the first ones above 7878 are everybody's. */
async function freePorts(): Promise<number[]> {
  const servers = [createServer(), createServer()]
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      return typeof address === 'object' && address ? address.port : 0
    }),
  )
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}

/** Another Berth, with real containers. `killed`: what a thread's container is, by name. */
async function farBerth(): Promise<{ house: () => House; url: string; token: string; kill(thread: string): Promise<void>; set(house: House): void }> {
  const [port, sandboxPort] = await freePorts()
  const config = `on_exit: keep\nbridge: { port: ${port}, sandbox_port: ${sandboxPort} }`
  let house = await openHouse({ config, sandbox: { replicas: 20, stop_grace: 0 } })
  return {
    house: () => house,
    set: (next) => (house = next),
    url: house.engine.url,
    token: (await readFile(join(house.home, 'token'), 'utf8')).trim(),
    kill: async (thread) => void (await house.docker.getContainer(house.nameOf(thread)).kill({ signal: 'SIGKILL' })),
  }
}

needs('docker', 'lite-image').describe('one Berth on another', () => {
  describeBackend(
    'remote, on another Berth',
    async () => {
      const far = await farBerth()
      return remoteSubject({
        url: far.url,
        apiKey: far.token,
        kill: (found) => far.kill(found.thread ?? ''),
        close: () => far.house().close(),
      })
    },
    { pausable: false, sharedNames: false, outlivesClose: true, real: false, dialect: { keepsDead: false } },
  )

  describeRemote('another Berth', async () => {
    const far = await farBerth()
    return {
      url: far.url,
      apiKey: far.token,
      count: async () => (await far.house().containers()).length,
      lose: (thread) => far.kill(thread),
      async stop() {
        await far.house().engine.close()
      },
      async start() {
        far.set(await far.house().reopen())
      },
      requests: () => null,
      close: () => far.house().close(),
    }
  })

  it('leaves nothing behind, shows the key nowhere, and two of them share a thread without ending it for each other', async () => {
    const far = await farBerth()
    const near = () =>
      openHouse({ backend: 'remote', env: { FAR_KEY: far.token }, sandbox: { provisioner_url: far.url, provisioner_api_key: '$FAR_KEY', stop_grace: 0 } })
    const [one, other] = [await near(), await near()]
    try {
      const mine = await one.engine.call('acquire', { thread: 'shared' })
      const theirs = await other.engine.call('acquire', { thread: 'shared' })
      // Through the near one's own address and then the far one's.
      for (const { url } of [mine, theirs]) expect((await fetch(`${url}/v1/sandbox`)).status).toBe(200)
      expect(await far.house().containers()).toHaveLength(1)
      await one.engine.call('destroy', { thread: 'shared' })
      expect((await other.engine.call('exec', { thread: 'shared', command: 'echo still' })).stdout).toBe('still\n')
      await other.engine.call('destroy', { thread: 'shared' })
      for (let n = 0; n < 4; n += 1) {
        await one.engine.call('acquire', { thread: 'again' })
        // Destroyed is destroyed, whatever runs in it.
        if (n === 0) void one.engine.call('exec', { thread: 'again', command: 'sleep 300' }).catch(() => undefined)
        await one.engine.call('destroy', { thread: 'again' })
      }
      await eventually('nothing runs there', async () => (await far.house().containers()).length === 0)
      expect(await readdir(join(one.home, 'remote'))).toEqual([])
      expect(await readdir(join(other.home, 'remote'))).toEqual([])

      await one.engine.call('acquire', { thread: 'again' })
      await far.house().engine.close()
      await one.engine.call('acquire', { thread: 'none', timeout: 1 }).catch(() => undefined) // its error is an event
      far.set(await far.house().reopen())
      const said = [
        await readFile(join(one.home, 'events.jsonl'), 'utf8'),
        JSON.stringify(await one.engine.call('config', {})),
        JSON.stringify(await one.engine.call('status', {})),
      ]
      for (const text of said) expect(text).not.toContain(far.token)
      expect(said[2]).toContain(`provisioner at ${far.url}`)
    } finally {
      await one.close()
      await other.close()
      await far.house().close()
    }
  })

  describe('an address that leads back', () => {
    const tokenOf = (house: House) => readFile(join(house.home, 'token'), 'utf8').then((text) => text.trim())
    const config = (sandbox: string, rest = '') => `${rest}\nsandbox:\n${sandbox}\n`

    it('with a token of this Berth, or to its port: left alone with a warning, and the backend is chosen without it', async () => {
      let house = await openHouse({ backend: 'auto' })
      try {
        const token = await tokenOf(house)
        for (const url of [`http://x:${token}@host.docker.internal:1234`, `http://localhost:${house.engine.port}`]) {
          house = await house.reopen({ configure: config(`  container_prefix: ${house.prefix}\n  provisioner_url: ${JSON.stringify(url)}`) })
          const status = await house.engine.call('status', {})
          expect(status.backend.kind).toBe('docker')
          expect(status.warnings.join()).toContain('this very Berth')
          expect(JSON.stringify(status)).not.toContain(token)
        }
        expect(await house.engine.call('acquire', { thread: 't' })).toMatchObject({ backend: 'docker' })
      } finally {
        await house.close()
      }
    })

    it('with backend: remote: it does not start, and says why', async () => {
      const house = await openHouse({ backend: 'auto' })
      const url = `http://127.0.0.1:${house.engine.port}`
      await expect(house.reopen({ configure: config(`  provisioner_url: ${url}`, 'backend: remote') })).rejects.toMatchObject({
        code: 'BAD_CONFIG',
        message: expect.stringContaining('this very Berth'),
      })
      await expect(house.reopen({ configure: 'backend: remote' })).rejects.toMatchObject({
        code: 'BAD_CONFIG',
        message: expect.stringContaining('needs a provisioner'),
      })
      await house.close()
    })

    it('by a way that nobody can see: it is known by its proof, and nothing is asked of it', async () => {
      let house = await openHouse({ backend: 'auto' })
      const to = house.engine.port
      const forward = createServer((socket) => {
        const inner = connect(to, '127.0.0.1')
        socket.pipe(inner).pipe(socket)
        for (const end of [socket, inner]) end.on('error', () => socket.destroy())
      })
      forward.listen(0, '127.0.0.1')
      await once(forward, 'listening')
      const address = forward.address()
      const port = typeof address === 'object' && address ? address.port : 0
      try {
        house = await house.reopen({ configure: config(`  provisioner_url: http://127.0.0.1:${port}`) })
        await expect(house.engine.call('acquire', { thread: 't' })).rejects.toMatchObject({
          code: 'BAD_CONFIG',
          message: expect.stringContaining('leads back'),
        })
      } finally {
        await house.close()
        await new Promise((resolve) => forward.close(resolve))
      }
    })
  })
})
