import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { rawHttp } from '../../support/raw-http.ts'

const json = { 'content-type': 'application/json' }

/** A program that runs in a container of its own, on the engine's default network; what it prints. */
async function inContainer(house: House, script: string): Promise<string> {
  const container = await house.docker.createContainer({
    Image: 'berth-lite',
    Entrypoint: ['node', '--input-type=module', '-e', script],
    Cmd: [],
    Labels: { 'berth.home': house.home },
    name: `${house.prefix}-client`,
    Tty: true,
  })
  try {
    await container.start()
    await container.wait()
    return (await container.logs({ stdout: true, stderr: true })).toString().replace(/^said /, '')
  } finally {
    await container.remove({ force: true })
  }
}

needs('docker', 'lite-image').describe('a client in a container', () => {
  let house: House
  let gateway: string
  let token: string
  beforeAll(async () => {
    // This machine's own address on the network that containers have by default; told by a container only.
    const docker = new Docker()
    const probe = await docker.createContainer({ Image: 'berth-lite', Entrypoint: ['sleep', '60'], Cmd: [] })
    await probe.start()
    gateway = (await probe.inspect()).NetworkSettings.Networks['bridge']?.Gateway ?? 'no gateway'
    await probe.remove({ force: true })
    house = await openHouse({ config: `bridge:\n  listen: ["${gateway}"]` })
    token = (await readFile(join(house.home, 'token'), 'utf8')).trim()
  })
  afterAll(async () => await house.close())

  it('gets a sandbox through the gateway address and works in it, by an address that it can reach', async () => {
    const said = await inContainer(
      house,
      `
      const headers = { 'content-type': 'application/json', authorization: 'Bearer ${token}' }
      const got = await (await fetch('http://${gateway}:${house.engine.port}/berth/v1/acquire', { method: 'POST', headers, body: '{"thread":"from-inside"}' })).json()
      const done = await (await fetch(got.url + '/v1/bash/exec', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"command":"echo $((6*7))"}' })).json()
      const refused = await fetch(got.url.slice(0, -4) + '0000/v1/sandbox')
      console.log('said', JSON.stringify({ host: new URL(got.url).hostname, headers: got.headers, out: done.data.stdout, refused: refused.status }))`,
    )
    expect(JSON.parse(said)).toEqual({ host: gateway, headers: {}, out: '42\n', refused: 404 })
  })

  it('does not get in by a name that somebody points at that address, or without a token', async () => {
    const said = await inContainer(
      house,
      `
      import http from 'node:http'
      const ask = (port, path, headers) => new Promise((resolve, reject) => http.get({ host: '${gateway}', port, path, headers, agent: false }, (response) => resolve(response.resume().statusCode)).on('error', reject))
      const token = { authorization: 'Bearer ${token}' }
      const at = [${house.engine.port}, '/berth/v1/list']
      console.log('said', JSON.stringify([await ask(...at, token), await ask(...at, {}), await ask(...at, { ...token, host: 'evil.example' }), await ask(...at, { ...token, host: '172.17.0.99' })]))`,
    )
    expect(JSON.parse(said)).toEqual([200, 401, 403, 403])
  })

  it('leaves the others where they were: loopback is loopback', async () => {
    const { url } = await house.engine.call('acquire', { thread: 'outside' })
    expect(new URL(url ?? '').hostname).toBe('127.0.0.1')
  })
})

describe('further addresses', () => {
  it('that are not of this machine are refused with the reason', async () => {
    await expect(openHouse({ backend: 'docker', config: 'bridge:\n  listen: ["192.0.2.7"]' })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('192.0.2.7'),
      next: expect.stringContaining('bridge.listen'),
    })
    await expect(openHouse({ config: 'bridge:\n  listen: ["all"]' })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('an IP address of this machine'),
    })
  })
})

needs('docker', 'lite-image').describe('BERTH_SANDBOX_HOST', () => {
  it('is the host of the addresses that are handed out, and taken as a Host on both ports', async () => {
    const house = await openHouse({ env: { BERTH_SANDBOX_HOST: 'berth.internal' } })
    try {
      const { url } = await house.engine.call('acquire', { thread: 'named' })
      const { hostname, port, pathname } = new URL(url ?? '')
      expect(hostname).toBe('berth.internal')
      // Berth's own calls go straight to the container all the same.
      expect((await house.engine.call('exec', { thread: 'named', command: 'echo own' })).stdout).toBe('own\n')
      const ask = (at: number, path: string, host: string) => rawHttp(at, `GET ${path} HTTP/1.1\r\nhost: ${host}:1\r\nconnection: close\r\n\r\n`)
      expect(await ask(Number(port), `${pathname}/v1/sandbox`, 'berth.internal')).toMatch(/^HTTP\/1.1 200/)
      expect(await ask(Number(port), `${pathname}/v1/sandbox`, 'berth.external')).toMatch(/^HTTP\/1.1 403/)
      expect(await ask(house.engine.port, '/health', 'berth.internal')).toMatch(/^HTTP\/1.1 200/)
      expect(await ask(house.engine.port, '/health', 'berth.external')).toMatch(/^HTTP\/1.1 403/)
    } finally {
      await house.close()
    }
  })
})

needs('docker', 'lite-image').describe('through a TCP forward on another port', () => {
  const forwards: Server[] = []
  let house: House
  beforeAll(async () => {
    house = await openHouse()
  })
  afterAll(async () => {
    for (const server of forwards) server.close()
    await house.close()
  })

  async function forward(to: number): Promise<number> {
    const server = createServer((near) => {
      const far = connect(to, '127.0.0.1')
      near.on('error', () => far.destroy()).on('close', () => far.destroy())
      far.on('error', () => near.destroy()).on('close', () => near.destroy())
      near.pipe(far).pipe(near)
    })
    forwards.push(server)
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }

  it("clients work and the checks hold, on the bridge's port and on the sandboxes'", async () => {
    const token = (await readFile(join(house.home, 'token'), 'utf8')).trim()
    const bridge = await forward(house.engine.port)
    const acquired = await fetch(`http://localhost:${bridge}/berth/v1/acquire`, {
      method: 'POST',
      headers: { ...json, 'x-api-key': token },
      body: '{"thread":"far"}',
    })
    const got = (await acquired.json()) as { id: string; url: string; enter_url: string }
    const there = new URL(got.url)
    const boxes = await forward(Number(there.port))
    const done = await fetch(`http://127.0.0.1:${boxes}${there.pathname}/v1/bash/exec`, { method: 'POST', headers: json, body: '{"command":"echo far"}' })
    expect(await done.text()).toContain('"stdout":"far\\n"')
    const socket = new WebSocket(`ws://127.0.0.1:${boxes}${there.pathname}/v1/shell/ws`)
    await new Promise((resolve, reject) => {
      socket.addEventListener('message', resolve, { once: true })
      socket.addEventListener('error', reject)
    })
    socket.close()
    const own = `${got.id}.localhost:${boxes}`
    const page = (path: string, headers: string) => rawHttp(boxes, `GET ${path} HTTP/1.1\r\nhost: ${own}\r\n${headers}connection: close\r\n\r\n`)
    const enter = new URL(got.enter_url)
    const cookie = /set-cookie: ([^;]+)/i.exec(await page(enter.pathname + enter.search, ''))?.[1] ?? ''
    expect(await page('/terminal', `cookie: ${cookie}\r\norigin: http://${own}\r\n`)).toMatch(/^HTTP\/1.1 200/)
    expect(await page('/terminal', '')).toMatch(/^HTTP\/1.1 403/)
    expect(await page('/terminal', `cookie: ${cookie}\r\norigin: ${got.enter_url.replace(/\/\.berth.*/, '')}\r\n`)).toMatch(/^HTTP\/1.1 403/)
    const list = (host: string, origin: string) =>
      rawHttp(bridge, `GET /berth/v1/list HTTP/1.1\r\nhost: ${host}\r\nx-api-key: ${token}\r\n${origin}connection: close\r\n\r\n`)
    expect(await list(`localhost:${bridge}`, '')).toMatch(/^HTTP\/1.1 200/)
    expect(await list('evil.example', '')).toMatch(/^HTTP\/1.1 403/)
    // The first port and pages of the second.
    for (const origin of [`http://127.0.0.1:${there.port}`, `http://localhost:${boxes}`, `http://${own}`, `http://${got.id}.localhost:${there.port}`]) {
      expect(await list(`localhost:${bridge}`, `origin: ${origin}\r\n`), origin).toMatch(/^HTTP\/1.1 403[^]*BAD_ORIGIN/)
    }
  })
})
