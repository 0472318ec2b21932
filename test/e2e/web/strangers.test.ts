import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Page } from 'playwright'
import { closeCodes } from '../../../main/doors/wire/frame-server.ts'
import { needs } from '../../support/parts.ts'
import { shows } from '../../support/web/screens.ts'
import { serveEngine } from '../../support/web/served-engine.ts'
import { acquired, threadOf, visit, type Visit } from '../../support/web/visit.ts'

needs('docker', 'lite-image', 'chromium').describe('who is not the logged-in page', () => {
  const thread = threadOf('stranger')
  let here: Visit
  let other: Server
  let origin: string
  let key: string

  beforeAll(async () => {
    here = await visit()
    await shows(here.page, 'No sandboxes yet')
    key = await here.page.evaluate(() => localStorage.getItem('berth.session') ?? '')
    other = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>other</title>'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    await new Promise((resolve) => (other ? other.close(resolve) : resolve(null)))
    await here?.close()
  })

  /** A page of another port, in the same browser with the same profile. */
  async function elsewhere<T>(work: (page: Page) => Promise<T>): Promise<T> {
    const page = await here.tab.context.newPage()
    try {
      await page.goto(origin)
      return await work(page)
    } finally {
      await page.close()
    }
  }

  it('finds no cookie and nothing of the session in the storage of another port', async () => {
    expect(key).not.toBe('')
    expect(await here.tab.context.cookies()).toEqual([])
    const found = await elsewhere((page) => page.evaluate(() => ({ cookie: document.cookie, local: localStorage.length, session: sessionStorage.length })))
    expect(found).toEqual({ cookie: '', local: 0, session: 0 })
  })

  it('gets nothing from another port: no call, no socket, no frame', async () => {
    const seen = await elsewhere(async (page) => {
      const statuses: number[] = []
      page.on('response', (response) => {
        if (response.url().startsWith(here.engine.url)) statuses.push(response.status())
      })
      const told = await page.evaluate(async (berth) => {
        const read = (mode: RequestMode, path: string, method = 'GET') =>
          fetch(`${berth}${path}`, { mode, method, credentials: 'include' }).then(
            (answer) => answer.type,
            () => 'refused',
          )
        const frame = document.createElement('iframe')
        frame.src = berth
        document.body.append(frame)
        await new Promise((resolve) => {
          frame.onload = resolve
        })
        const socket = await new Promise((resolve) => {
          const one = new WebSocket(`${berth.replace('http', 'ws')}/berth/v1/socket`)
          one.onopen = () => resolve('open')
          one.onclose = () => resolve('closed')
        })
        return {
          list: await read('cors', '/berth/v1/list'),
          login: await read('cors', '/berth/v1/login_link', 'POST'),
          blind: await read('no-cors', '/berth/v1/list'),
          health: await read('cors', '/health'),
          socket,
        }
      }, here.engine.url)
      const framed = page.frames().find((frame) => frame !== page.mainFrame())
      return {
        ...told,
        framed: await framed
          ?.locator('body')
          .innerText()
          .catch(() => ''),
        statuses,
      }
    })
    expect(seen).toMatchObject({ list: 'refused', login: 'refused', health: 'refused', socket: 'closed' })
    // What a page may send without asking first arrives, and is refused for where it comes from.
    expect(seen.statuses.filter((status) => status !== 200).length).toBeGreaterThan(0)
    expect(seen.statuses.filter((status) => status !== 403 && status !== 200)).toEqual([])
    expect(seen.framed ?? '').not.toContain('Sandboxes')
  })

  it('cannot use the session’s key as a token, wherever it puts it', async () => {
    const places: Record<string, string>[] = [
      { authorization: `Bearer ${key}` },
      { 'x-api-key': key },
      { authorization: `Basic ${Buffer.from(`x:${key}`).toString('base64')}` },
      { cookie: `berth.session=${key}` },
    ]
    const asked: [string, string][] = [
      ['POST', '/berth/v1/list'],
      ['POST', '/berth/v1/shutdown'],
      ['POST', '/mcp'],
      ['GET', '/api/sandboxes'],
      ['GET', '/metrics'],
      ['GET', `/tickets/${key}`],
    ]
    for (const headers of places) {
      for (const [method, path] of asked) {
        const answer = await fetch(`${here.engine.url}${path}`, {
          method,
          headers: { 'content-type': 'application/json', ...headers },
          ...(method === 'POST' ? { body: '{}' } : {}),
        })
        expect([path, Object.keys(headers)[0], answer.status]).toEqual([path, Object.keys(headers)[0], 401])
      }
    }
  })

  it('is refused on the socket where it comes from another origin, with the right key too', async () => {
    const tried = await elsewhere((page) =>
      page.evaluate(
        async ([berth, stolen]) =>
          await new Promise((resolve) => {
            const socket = new WebSocket(`${String(berth).replace('http', 'ws')}/berth/v1/socket`)
            socket.onopen = () => socket.send(JSON.stringify({ k: 'hello', key: stolen, contract: { version: 1, hash: '' }, app: '0' }))
            socket.onmessage = () => resolve('answered')
            socket.onclose = ({ code }) => resolve(code)
          }),
        [here.engine.url, key],
      ),
    )
    // Refused before it was a WebSocket: no frame of it was ever read.
    expect(tried).toBe(1006)
  })

  it('is nobody on the socket without a key, and with a wrong one', async () => {
    for (const wrong of ['', 'x'.repeat(43)]) {
      const code = await new Promise((resolve) => {
        const socket = new WebSocket(`${here.engine.url.replace('http', 'ws')}/berth/v1/socket`)
        socket.onopen = () => socket.send(JSON.stringify({ k: 'hello', key: wrong, contract: { version: 1, hash: '' }, app: '0' }))
        socket.onmessage = () => resolve('answered')
        socket.onclose = ({ code: closed }) => resolve(closed)
      })
      expect(code).toBe(closeCodes.unauthorized)
    }
  })

  it('cannot reach the bridge from a container', async () => {
    const id = await acquired(here.engine, thread)
    const { port } = new URL(here.engine.url)
    const ask = `
      const { networkInterfaces } = require('node:os')
      const own = Object.values(networkInterfaces()).flat().find((one) => !one.internal && one.family === 'IPv4').address
      const hosts = ['127.0.0.1', own.replace(/\\d+$/, '1'), 'host.docker.internal']
      Promise.all(hosts.map((host) => fetch('http://' + host + ':${port}/health', { signal: AbortSignal.timeout(4000) }).then((r) => r.status, () => 'no'))).then((all) => console.log(JSON.stringify(all)))`
    const done = await here.engine.client.call('exec', { id, command: ['node', '-e', ask] })
    expect(JSON.parse(done.stdout)).toEqual(['no', 'no', 'no'])
  })
})

needs('bubblewrap').describe('a program in an embedded sandbox, which shares the network', () => {
  it('reaches the bridge, and is nobody there', async () => {
    const engine = await serveEngine({ config: 'backend: embedded\n' })
    try {
      const id = await acquired(engine, threadOf('inside'))
      const ask = `
        const at = '${engine.url}'
        const status = (path, method = 'POST', headers = {}) => fetch(at + path, { method, headers: { 'content-type': 'application/json', ...headers }, ...(method === 'POST' ? { body: '{}' } : {}) }).then((r) => r.status)
        const { existsSync } = require('node:fs')
        const run = async () => ({
          health: await status('/health', 'GET'), list: await status('/berth/v1/list'), login: await status('/berth/v1/login_link'), mcp: await status('/mcp'),
          own: await status('/berth/v1/list', 'POST', { authorization: 'Bearer ' + (process.env.SANDBOX_API_KEY ?? 'none') }), token: existsSync('${engine.home}/token'),
        })
        run().then((found) => console.log(JSON.stringify(found)))`
      const done = await engine.client.call('exec', { id, command: ['node', '-e', ask] })
      expect(done.stderr).toBe('')
      expect(JSON.parse(done.stdout)).toEqual({ health: 200, list: 401, login: 401, mcp: 401, own: 401, token: false })
    } finally {
      await engine.close()
    }
  })
})
