import { execFile } from 'node:child_process'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../main/base/clock.ts'
import { openSandbox } from '../../../main/sandbox/open-sandbox.ts'
import { readiness } from '../../../main/sandbox/readiness.ts'
import type { SandboxApi } from '../../../main/sandbox/sandbox-api.ts'
import { fail } from '../../../shared/errors.ts'
import { liteServer } from '../../support/lite-server.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { within } from '../../support/wait.ts'

const clock = systemClock()
const key = 'k'.repeat(64)
const never = new AbortController().signal
let temp: TempDir
const opened: { close(): unknown }[] = []
beforeAll(async () => {
  temp = await tempDir('readiness')
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})
afterAll(() => temp.remove())

async function freePort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function client(port: number, withKey: string | null = key): SandboxApi {
  const api = openSandbox({ address: { url: `http://127.0.0.1:${port}`, key: withKey }, clock })
  opened.push(api)
  return api
}

/** A sandbox of the test's own making: answers by route, notes what it was asked. */
function canned(routes: Record<string, { status?: number; data?: unknown }>): { asked: string[]; listener: RequestListener } {
  const asked: string[] = []
  return {
    asked,
    listener: (request, response) => {
      const path = (request.url ?? '').replace('/v1/', '')
      asked.push(path)
      const route = routes[path] ?? { status: 404 }
      const status = route.status ?? 200
      request.resume().on('end', () => response.writeHead(status).end(JSON.stringify({ success: status === 200, message: 'canned', data: route.data ?? null })))
    },
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  opened.push({ close: () => void (server.closeAllConnections(), server.close()) })
}

const good = {
  sandbox: {},
  'bash/sessions/create': { data: { session_id: 's' } },
  'bash/exec': { data: { session_id: 's', command_id: 'c', status: 'completed', exit_code: 0 } },
}

describe('readiness', () => {
  it('comes from a real server as soon as it serves, however early one asks', async () => {
    const port = await freePort()
    const api = client(port)
    const ready = readiness(api, { signal: never, clock, timeoutMs: 60_000 })
    const server = await liteServer({ key, cwd: temp.path, port })
    opened.push({ close: () => server.stop() })
    await ready
    expect((await api.exec({ command: 'echo up', maxOutput: 1024 })).stdout).toBe('up\n')
  })

  it('costs little more than the boot itself', async () => {
    const boot = 300
    const lags: number[] = []
    for (let round = 0; round < 5; round++) {
      const port = await freePort()
      const server = createServer(canned(good).listener)
      const start = clock.now()
      const up = clock
        .sleep(boot)
        .then(() => listen(server, port))
        .then(() => clock.now())
      await readiness(client(port), { signal: never, clock, timeoutMs: 30_000 })
      lags.push((clock.now() - (await up)) / ((await up) - start))
    }
    // A fixed step of one second would make it 2.3 of the boot; the best of five, as the machine may be busy.
    expect(Math.min(...lags)).toBeLessThan(0.2)
  })

  it('is not believed until a command has run', async () => {
    const tries = { exec: 0 }
    const { listener } = canned(good)
    const port = await freePort()
    await listen(
      createServer((request, response) => {
        if (request.url !== '/v1/bash/exec' || ++tries.exec > 3) return listener(request, response)
        if (tries.exec === 1) return void request.socket.destroy()
        request.resume().on('end', () => response.writeHead(502).end('<html>'))
      }),
      port,
    )
    await readiness(client(port), { signal: never, clock, timeoutMs: 30_000 })
    expect(tries.exec).toBe(4)
  })

  it('makes the session of the first command, which is one question then', async () => {
    const { asked, listener } = canned(good)
    const port = await freePort()
    await listen(createServer(listener), port)
    const api = client(port)
    await readiness(api, { signal: never, clock, timeoutMs: 30_000 })
    // Its own command has another directory, and so a session of its own.
    await expect.poll(() => asked.filter((path) => path === 'bash/sessions/create').length).toBe(2)
    const other = client(port)
    await other.prepare()
    asked.length = 0
    await other.exec({ command: 'true', maxOutput: 1024 })
    expect(asked).toEqual(['bash/exec'])
  })

  it('is proven in the terminal of images that are too old for bash', async () => {
    const { asked, listener } = canned({ sandbox: {}, 'shell/exec': { data: { session_id: 's', command: 'true', status: 'completed', exit_code: 0 } } })
    const port = await freePort()
    await listen(createServer(listener), port)
    await readiness(client(port), { signal: never, clock, timeoutMs: 30_000 })
    expect(asked).toContain('shell/exec')
  })

  it('ends at once with a stranger', async () => {
    const server = await liteServer({ key: 'another', cwd: temp.path })
    opened.push({ close: () => server.stop() })
    await expect(within(20_000, 'refusal', readiness(client(server.port), { signal: never, clock, timeoutMs: 600_000 }))).rejects.toMatchObject({
      code: 'SANDBOX_REFUSED',
    })
  })

  it('ends soon, without advice to wait, where no waiting helps: a server of something else, an image without bash', async () => {
    const port = await freePort()
    await listen(createServer(canned({}).listener), port)
    const bare = await liteServer({ key, cwd: temp.path, env: { PATH: '/nowhere' } })
    opened.push({ close: () => bare.stop() })
    for (const [at, why] of [
      [port, '/v1/sandbox'],
      [bare.port, 'spawn bash ENOENT'],
    ] as const) {
      const outcome = within(30_000, 'the end', readiness(client(at), { signal: never, clock, timeoutMs: 600_000 }))
      await expect(outcome).rejects.toMatchObject({
        code: 'IMAGE_UNUSABLE',
        message: expect.stringContaining(why),
        next: expect.not.stringContaining('ready_timeout'),
      })
    }
  })

  it('that never comes says what was wrong last', async () => {
    await expect(readiness(client(1), { signal: never, clock, timeoutMs: 3000 })).rejects.toMatchObject({
      code: 'NOT_READY',
      message: expect.stringContaining('ECONNREFUSED'),
      cause: { code: 'SANDBOX_UNREACHABLE' },
    })
    const port = await freePort()
    await listen(createServer(canned({ ...good, 'bash/exec': { data: { session_id: 's', status: 'completed', exit_code: 127 } } }).listener), port)
    await expect(readiness(client(port), { signal: never, clock, timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'NOT_READY',
      message: expect.stringContaining('127'),
    })
  })

  it('says nothing of a try that the end of the time cut short, also where that timer was early', async () => {
    const away = (text: string, cause?: Error) => fail('SANDBOX_UNREACHABLE', text, { next: '', cause })
    let now = 0
    const byHand = { ...clock, now: () => now, sleep: async (ms: number) => void (now += ms) }
    const probe = async (ms: number) => {
      now += ms < 2000 ? ms - 0.5 : 1990
      throw ms < 2000 ? away('cut short', fail('TIMEOUT', 'late', { next: '' })) : away('the reason')
    }
    await expect(readiness({ ...client(1), probe }, { signal: never, clock: byHand, timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'NOT_READY',
      message: expect.stringContaining('the reason'),
    })
  })

  it.each([
    ['a server that says nothing', false],
    ['a command that does not end', true],
  ])('is given up at once during %s', async (_, answers) => {
    const { listener } = canned({ sandbox: {}, 'bash/sessions/create': { data: { session_id: 's' } } })
    const port = await freePort()
    await listen(
      createServer((request, response) => (answers && request.url !== '/v1/bash/exec' ? listener(request, response) : undefined)),
      port,
    )
    const stop = new AbortController()
    const waiting = readiness(client(port), { signal: stop.signal, clock, timeoutMs: 600_000 }).catch((error: unknown) => error)
    await clock.sleep(200)
    stop.abort()
    expect(await within(1_500, 'the abort', waiting)).toMatchObject({ code: 'CANCELLED' })
  })
})

describe('a kept connection', () => {
  it('that dies as it is used again costs a question nothing, and never runs a command twice', async () => {
    const { asked, listener } = canned(good)
    const used = new WeakSet<object>()
    let dying = false
    const port = await freePort()
    await listen(
      createServer((request, response) => {
        if (dying && used.has(request.socket)) {
          asked.push(`dead:${request.url}`)
          request.socket.destroy()
        } else {
          used.add(request.socket)
          listener(request, response)
        }
      }),
      port,
    )
    const api = client(port)
    await api.probe(5_000)
    await api.exec({ command: 'true', maxOutput: 1024 })
    // A connection is free again a moment after its answer.
    await clock.sleep(100)
    asked.length = 0
    dying = true
    await api.probe(5_000)
    expect(asked).toEqual(['dead:/v1/sandbox', 'sandbox'])
    asked.length = 0
    await expect(api.exec({ command: 'true', maxOutput: 1024 })).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE' })
    expect(asked.filter((path) => path.endsWith('bash/exec'))).toEqual(['dead:/v1/bash/exec'])
  })

  it('never goes through a proxy', async () => {
    const port = await freePort()
    await listen(createServer(canned(good).listener), port)
    const program = `
      const { openSandbox } = await import(${JSON.stringify(new URL('../../../main/sandbox/open-sandbox.ts', import.meta.url).href)})
      const { systemClock } = await import(${JSON.stringify(new URL('../../../main/base/clock.ts', import.meta.url).href)})
      const api = openSandbox({ address: { url: 'http://localhost:${port}', key: null }, clock: systemClock() })
      await api.probe(10000)
      await api.close()
      console.log('reached')`
    const proxy = 'http://127.0.0.1:1'
    const env = { ...process.env, HTTP_PROXY: proxy, http_proxy: proxy, ALL_PROXY: proxy, NODE_USE_ENV_PROXY: '1', NO_PROXY: '', no_proxy: '' }
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env })
    expect(stdout).toBe('reached\n')
  })
})
