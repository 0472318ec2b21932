import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { clearBridgeFile, readBridgeFile, writeBridgeFile } from '../../../main/doors/client/bridge-file.ts'
import { connect } from '../../../main/doors/client/client.ts'
import { firstPort, portPlan } from '../../../main/doors/client/port.ts'
import { whoAnswers } from '../../../main/doors/client/who-answers.ts'
import { startEngine } from '../../../main/engine/engine.ts'
import { openProvider } from '../../../main/open.ts'
import { contractId } from '../../../main/calls/rpc/contract-hash.ts'
import { version } from '../../../main/base/version.ts'
import { openTestBridge, type TestBridge, testToken } from '../../support/bridge.ts'
import { type TempDir, tempDir } from '../../support/temp-dir.ts'

let temp: TempDir
let house: TestBridge
beforeAll(async () => {
  temp = await tempDir('address')
  house = await openTestBridge({ home: join(temp.path, 'home') })
})
afterAll(async () => {
  await house.close()
  await temp.remove()
})

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

/** Some other program on a port: it remembers every header it was ever sent. */
async function stranger(answer: (url: string) => string): Promise<{ url: string; port: number; heard: string[] }> {
  const heard: string[] = []
  const server = createServer((request, response) => {
    heard.push(`${request.url} ${JSON.stringify(request.headers)}`)
    response.end(answer(request.url ?? ''))
  })
  servers.push(server)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, heard }
}

/** The bridge's home, whose file says that it is at `url`. */
async function homeAt(url: string, pid: number | null = process.pid): Promise<string> {
  const dir = join(temp.path, 'home')
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, 'token'), `${testToken}\n`)
  await writeBridgeFile(join(dir, 'bridge.json'), {
    url,
    pid,
    port: Number(new URL(url).port),
    token_file: join(dir, 'token'),
    instance: 'instance-1',
    version,
    started_at: new Date().toISOString(),
  })
  return dir
}

describe('the port', () => {
  it('is 7878 or the next free one at first, and then the kept one only', () => {
    expect(portPlan({ configured: null, kept: null }).ports.slice(0, 3)).toEqual([firstPort, firstPort + 1, firstPort + 2])
    expect(portPlan({ configured: null, kept: null }).ports.at(-1)).toBe(0)
    expect(portPlan({ configured: null, kept: 9000 })).toEqual({ ports: [9000], why: 'kept' })
    expect(portPlan({ configured: 9001, kept: 9000 })).toEqual({ ports: [9001], why: 'configured' })
  })

  it('is the next one where the first is taken, at a first start', async () => {
    const { port } = await stranger(() => '')
    const second = await openTestBridge({ plan: { ports: [port, 0], why: 'first' } })
    expect(second.bridge.port).not.toBe(port)
    await second.close()
  })

  it('taken later is an error that names who has it and the setting', async () => {
    const { port } = await stranger(() => '')
    const taken = openTestBridge({ plan: portPlan({ configured: null, kept: port }) })
    await expect(taken).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`Port ${port} is taken by pid ${process.pid}`),
      next: expect.stringContaining('bridge.port'),
      details: { pid: process.pid },
    })
  })

  it('is given up, once, where the Berth of another home has it by now', async () => {
    const dir = await tempDir('second-home')
    const { port } = house.bridge
    try {
      await writeFile(join(dir.path, 'config.yaml'), 'backend: remote\nspares: 0\nsandbox: {provisioner_url: "http://127.0.0.1:9"}\n')
      await writeBridgeFile(join(dir.path, 'bridge.json'), {
        url: house.bridge.url,
        pid: null,
        port,
        sandbox_port: port,
        token_file: join(dir.path, 'token'),
        instance: 'before',
        version,
        started_at: new Date().toISOString(),
      })
      const moved = await startEngine({ homeDir: dir.path, env: process.env, log: () => undefined })
      await moved.close()
      expect(moved.port).not.toBe(port)
      // What the next start keeps.
      expect((await readBridgeFile(join(dir.path, 'bridge.json'))).value?.port).toBe(moved.port)
    } finally {
      await dir.remove()
    }
  })

  it('is on loopback only', async () => {
    const table = await readFile('/proc/net/tcp', 'utf8').catch(() => null)
    if (table === null) return
    const port = house.bridge.port.toString(16).toUpperCase().padStart(4, '0')
    const listening = table.split('\n').filter((line) => line.includes(`:${port} `) && / 0A /.test(line))
    expect(listening.map((line) => line.trim().split(/\s+/)[1])).toEqual([`0100007F:${port}`])
  })
})

describe('bridge.json', () => {
  it('is 0600, keeps the port after an orderly close, and is left to whoever wrote it last', async () => {
    const file = join(await homeAt(house.bridge.url), 'bridge.json')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await clearBridgeFile(file, 'another-instance')
    expect((await readBridgeFile(file)).value?.pid).toBe(process.pid)
    await clearBridgeFile(file, 'instance-1')
    expect((await readBridgeFile(file)).value).toMatchObject({ pid: null, port: house.bridge.port })
  })
})

describe('who answers', () => {
  it('tells its own home from others, strangers and nobody, and shows none of them the token', async () => {
    expect(await whoAnswers(house.bridge.url, { token: testToken, home: join(temp.path, 'home') })).toMatchObject({
      who: 'ours',
      health: { instance: 'instance-1' },
    })
    expect(await whoAnswers(house.bridge.url, { token: `${testToken}x`, home: join(temp.path, 'home') })).toMatchObject({ who: 'other' })
    const web = await stranger(() => '<html>')
    const liar = await stranger(() => JSON.stringify({ status: 'ok', version: '9', contract: { version: 1, hash: '' }, instance: 'x', proof: 'f'.repeat(64) }))
    expect(await whoAnswers(web.url, { token: testToken, home: join(temp.path, 'home') })).toMatchObject({ who: 'other', reason: 'It is not Berth' })
    expect(await whoAnswers(liar.url, { token: testToken, home: join(temp.path, 'home') })).toMatchObject({ who: 'other' })
    expect(await whoAnswers('http://127.0.0.1:1', { token: testToken, home: join(temp.path, 'home') })).toMatchObject({ who: 'nobody' })
    expect(await whoAnswers('http://192.0.2.1:7878', { token: testToken, home: join(temp.path, 'home') })).toMatchObject({
      who: 'nobody',
      reason: expect.stringContaining('not on this machine'),
    })
    expect([...web.heard, ...liar.heard].join()).not.toContain(testToken)
    expect(web.heard).toHaveLength(1)
  })

  it('gives up on one that never answers, or never ends', async () => {
    const silent = createServer(() => undefined)
    servers.push(silent)
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    expect(await whoAnswers(url, { token: testToken, home: join(temp.path, 'home') }, 100)).toMatchObject({ who: 'nobody' })
    const endless = await stranger(() => 'x'.repeat(200_000))
    expect(await whoAnswers(endless.url, { token: testToken, home: join(temp.path, 'home') })).toMatchObject({ who: 'nobody' })
  })
})

describe('the client', () => {
  it('finds the engine by its home, calls, and throws its errors', async () => {
    const client = await connect(await homeAt(house.bridge.url))
    expect(await client.call('acquire', { thread: 'c' })).toMatchObject({ thread: 'c', path: 'cold' })
    await expect(client.call('get', { thread: 'nobody' })).rejects.toMatchObject({ code: 'SANDBOX_NOT_FOUND' })
    client.close()
  })

  it('streams, one chunk after the other, and hands on what its reader throws', async () => {
    const client = await connect(await homeAt(house.bridge.url))
    const chunks: string[] = []
    let reading = 0
    const done = await client.call(
      'exec',
      { thread: 'c', command: 'count 2000' },
      {
        onChunk: async (chunk) => {
          reading++
          expect(reading).toBe(1)
          await Promise.resolve()
          chunks.push(chunk.data)
          reading--
        },
      },
    )
    expect(done.exit_code).toBe(0)
    expect(
      chunks
        .join('')
        .split('\n')
        .map((line) => parseInt(line))
        .slice(0, 2000),
    ).toEqual(Array.from({ length: 2000 }, (_, at) => at + 1))
    const broken = client.call('exec', { thread: 'c', command: 'count 2' }, { onChunk: () => Promise.reject(new Error('disk full here')) })
    await expect(broken).rejects.toThrow('disk full here')
    client.close()
  })

  it('ends a call by its signal, and its command with it', async () => {
    const client = await connect(await homeAt(house.bridge.url))
    const leaving = new AbortController()
    const call = client.call('exec', { thread: 'c', command: 'wait' }, { signal: leaving.signal, onChunk: () => leaving.abort() })
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' })
    client.close()
  })

  it('says that nothing runs, and how to start it', async () => {
    const none = { code: 'NOT_RUNNING', next: expect.stringContaining('berth serve') }
    await expect(connect(join(temp.path, 'absent'))).rejects.toMatchObject(none)
    await expect(connect(await homeAt(house.bridge.url, null))).rejects.toMatchObject(none)
    await expect(connect(await homeAt('http://127.0.0.1:1'))).rejects.toMatchObject(none)
    const other = await stranger(() => '{}')
    await expect(connect(await homeAt(other.url))).rejects.toMatchObject(none)
    expect(other.heard.join()).not.toContain(testToken)
  })

  it('says which versions do not fit', async () => {
    const { url } = await stranger((path) => {
      const nonce = new URL(path, 'http://x').searchParams.get('nonce') ?? ''
      return JSON.stringify({ status: 'ok', version: '0.0.9', contract: { version: 0, hash: 'old' }, instance: 'x', proof: hmac(nonce) })
    })
    await expect(connect(await homeAt(url))).rejects.toMatchObject({
      code: 'CONTRACT_MISMATCH',
      message: expect.stringMatching(new RegExp(`0\\.0\\.9.*${version.replaceAll('.', '\\.')}`)),
    })
  })

  it('says that the engine went away', async () => {
    const dying = await openTestBridge({ home: join(temp.path, 'home') })
    const client = await connect(await homeAt(dying.bridge.url))
    await dying.close()
    await expect(client.call('list', {})).rejects.toMatchObject({ code: 'NOT_RUNNING' })
    client.close()
  })
})

it('an engine that dies with its first answer is followed by whoever asked', async () => {
  const dir = await tempDir('last-words')
  const dying = createServer((request, response) => {
    const nonce = new URL(request.url ?? '', 'http://x').searchParams.get('nonce') ?? ''
    response.on('finish', () => void dying.close())
    response.end(JSON.stringify({ status: 'ok', version, contract: contractId(), instance: 'dying', proof: hmac(nonce) }))
  })
  await new Promise<void>((resolve) => void dying.listen(0, '127.0.0.1', resolve))
  const { port } = dying.address() as AddressInfo
  await writeFile(join(dir.path, 'config.yaml'), 'backend: remote\nspares: 0\nsandbox: {provisioner_url: "http://127.0.0.1:9"}\n')
  await writeFile(join(dir.path, 'token'), `${testToken}\n`, { mode: 0o600 })
  await writeBridgeFile(join(dir.path, 'bridge.json'), {
    url: `http://127.0.0.1:${port}`,
    pid: process.pid,
    port,
    token_file: join(dir.path, 'token'),
    instance: 'dying',
    version,
    started_at: new Date().toISOString(),
  })
  const berth = await openProvider(dir.path)
  try {
    expect(berth.role()).toBe('guest')
    expect(await berth.call('health', {})).toMatchObject({ status: expect.any(String), instance: expect.not.stringMatching('dying') })
    expect(berth.role()).toBe('engine')
  } finally {
    await berth.close()
    await dir.remove()
  }
})

function hmac(nonce: string): string {
  return createHmac('sha256', testToken).update(nonce).digest('hex')
}
