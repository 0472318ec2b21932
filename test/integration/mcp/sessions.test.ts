import { afterEach, describe, expect, it } from 'vitest'
import type { Limits } from '../../../main/doors/http/body.ts'
import { openTestBridge, type TestBridge, testToken } from '../../support/bridge.ts'
import { eventually, within } from '../../support/wait.ts'
import { kinds, type Mcp, overHttp } from './clients.ts'

/** The mechanics of sessions, over a real bridge with a provider in memory. */
let house: TestBridge
let clients: Mcp[] = []
afterEach(async () => {
  for (const client of clients) await client.drop()
  clients = []
  await house.close()
})

async function open(limits: Partial<Limits> = {}): Promise<void> {
  house = await openTestBridge({ limits })
}

async function client(kind: (typeof kinds)[number] = 'handshake', headers: Record<string, string> = {}): Promise<Mcp> {
  const made = await overHttp(kind, `${house.bridge.url}/mcp`, testToken, headers)
  clients.push(made)
  return made
}

const holders = () => house.provider.list().sandboxes.flatMap((it) => it.holders.map(({ holder }) => holder))
const usual = { authorization: `Bearer ${testToken}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

async function send(
  message: unknown,
  options: { method?: string; headers?: Record<string, string | undefined>; signal?: AbortSignal } = {},
): Promise<Response> {
  const { method = 'POST', headers = {}, signal } = options
  const all = Object.fromEntries(Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== undefined)) as Record<string, string>
  const body = method === 'POST' ? { body: typeof message === 'string' ? message : JSON.stringify(message) } : {}
  return await fetch(`${house.bridge.url}/mcp`, { method, headers: all, ...body, ...(signal ? { signal } : {}) })
}

const initialize = (version = '2025-11-25') => ({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: version, capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
})
const run = (command: string, id = 1) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'command_run', arguments: { command } } })

const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }

/** The session that a raw handshake begins. */
async function shakeHands(version?: string): Promise<Record<string, string>> {
  const answer = await send(initialize(version))
  expect(answer.status).toBe(200)
  expect(await answer.text()).toContain(`"protocolVersion":"${version ?? '2025-11-25'}"`)
  const session = { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' }
  expect((await send({ jsonrpc: '2.0', method: 'notifications/initialized' }, { headers: session })).status).toBe(202)
  return session
}

describe('sessions', () => {
  it('each has a thread and a hold of its own; its end gives back what it held', async () => {
    await open()
    const [one, two] = [await client(), await client()]
    await one.call('command_run', { command: 'a' })
    await two.call('command_run', { command: 'b' })
    await two.call('command_run', { command: 'c', thread: 'other' })
    const threads = house.provider.list().sandboxes.map(({ thread }) => thread)
    expect(new Set(threads).size).toBe(3)
    expect(threads.filter((thread) => thread?.startsWith('mcp-'))).toHaveLength(2)
    expect(new Set(holders()).size).toBe(2)
    await two.end()
    // Before the goodbye is answered.
    expect(holders()).toHaveLength(1)
    await one.end()
    expect(holders()).toEqual([])
  })

  it('100 that are opened, half of them dropped without a word, leave nothing', async () => {
    await open({ mcpGone: 100, mcpIdle: 3000 })
    const sessions: Record<string, string>[] = []
    for (let at = 0; at < 100; at += 10) {
      await Promise.all(
        Array.from({ length: 10 }, async (_, of) => {
          const mcp = await client(of % 2 === 0 ? 'handshake' : 'sdk-1')
          await mcp.call('sandbox_acquire')
          await (of < 5 ? mcp.end() : mcp.drop())
          sessions.push(await shakeHands())
        }),
      )
    }
    await eventually('nothing is held', () => holders().length === 0)
    for (const session of sessions) {
      await eventually('the session has ended', async () => (await send(list, { headers: session })).status === 404, { every: 4000 })
    }
    expect(house.logged).toEqual([])
  })

  it('a client that is quiet, but listens, keeps its hold; one whose connections are gone does not, and finds its session again', async () => {
    await open({ mcpGone: 150 })
    const listening = await client()
    await listening.call('sandbox_acquire')
    const session = await shakeHands()
    const away = new AbortController()
    const stream = await send(null, { method: 'GET', headers: { ...session, accept: 'text/event-stream' }, signal: away.signal })
    expect(stream.status).toBe(200)
    await (await send(run('a'), { headers: session })).text()
    expect(holders()).toHaveLength(2)
    away.abort()
    await eventually('the hold is gone', () => holders().length === 1)
    expect(await (await send(run('again'), { headers: session })).text()).toContain('again')
    expect(holders()).toHaveLength(2)
  })

  it('no more than allowed: the one that is quiet for longest goes; where all are in use, the new one waits outside', async () => {
    await open({ mcpSessions: 2 })
    const first = await shakeHands()
    const second = await shakeHands()
    const third = await shakeHands()
    expect((await send(run('a'), { headers: first })).status).toBe(404)
    const streams = [second, third].map((session) => send(null, { method: 'GET', headers: { ...session, accept: 'text/event-stream' } }))
    for (const stream of streams) expect((await stream).status).toBe(200)
    const refused = await send(initialize())
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { data: { code: 'CAPACITY_REJECTED', retry: true } } })
    for (const stream of streams) await (await stream).body?.cancel()
  })

  it('the end of the bridge ends streams and commands, and gives back what was held', async () => {
    await open()
    const calls = [await client(), await client('sdk-1')].map((mcp) => mcp.call('command_run', { command: 'wait' }))
    await eventually('they run', () => house.provider.running() === 2)
    await within(10_000, 'closing', house.bridge.close())
    for (const call of calls) expect((await within(10_000, 'the call', call)).meta['berth/error']).toMatchObject({ code: 'CANCELLED' })
    expect(house.provider.running()).toBe(0)
    expect(holders()).toEqual([])
  })

  it('DELETE while a command runs ends it', async () => {
    await open()
    const session = await shakeHands()
    const call = send(run('wait'), { headers: session }).then((answer) => answer.text())
    await eventually('it runs', () => house.provider.running() === 1)
    expect((await send(null, { method: 'DELETE', headers: session })).status).toBe(200)
    expect(house.provider.running()).toBe(0)
    expect(holders()).toEqual([])
    await call
  })

  it('a session that ends during a cold start holds nothing afterwards', async () => {
    await open()
    const mcp = await client()
    const call = mcp.call('sandbox_acquire', { thread: 'slow' }).then(
      () => 'answered',
      () => 'ended',
    )
    await eventually('it starts', () => house.provider.did.some((it) => it.startsWith('acquire slow')))
    await mcp.end()
    await call
    expect(holders()).toEqual([])
  })
})

describe('threads', () => {
  it('X-Berth-Thread and X-Berth-User are the ones that a client works under', async () => {
    await open()
    for (const kind of kinds) {
      const mcp = await client(kind, { 'x-berth-thread': `project-${kind}`, 'x-berth-user': 'ann' })
      expect((await mcp.call('command_run', { command: 'hello' })).data['stdout']).toBe('hello\n')
    }
    expect(house.provider.list().sandboxes.map(({ user, thread }) => `${user}/${thread}`)).toEqual(kinds.map((kind) => `ann/project-${kind}`))
    expect((await send(initialize(), { headers: { 'x-berth-thread': '../up' } })).status).toBe(400)
  })

  it('without a session an acquire makes a thread, and everything else must name it', async () => {
    await open()
    const mcp = await client('2026')
    const lost = await mcp.call('command_run', { command: 'hello' })
    expect(lost).toMatchObject({ isError: true, meta: { 'berth/error': { code: 'BAD_INPUT' } } })
    expect(lost.text).toContain('sandbox_acquire')
    const { thread } = (await mcp.call('sandbox_acquire')).data as { thread: string }
    expect(thread).toMatch(/^mcp-/)
    expect((await mcp.call('command_run', { command: 'hello', thread })).data['stdout']).toBe('hello\n')
    expect(holders()).toEqual(['mcp:master'])
    expect((await mcp.call('sandbox_release', { thread })).data['released']).toBe(true)
  })
})

describe('words and schemas', () => {
  const schemaOf = async (mcp: Mcp, name: string) =>
    (await mcp.tools()).find((tool) => tool.name === name)?.inputSchema as { required?: string[]; properties: Record<string, { description: string }> }

  it('without a session the thread is required, and the words say to choose a name; with one, or by header, it may be left out', async () => {
    await open()
    const [stateless, session, named] = [await client('2026'), await client('handshake'), await client('2026', { 'x-berth-thread': 'mine' })]
    for (const tool of (await stateless.tools()).filter(({ name }) => name !== 'sandbox_list')) {
      expect(tool.inputSchema['required'], tool.name).toContain('thread')
      expect(JSON.stringify(tool), tool.name).not.toMatch(/session/)
    }
    expect((await schemaOf(stateless, 'command_run')).properties['thread']?.description).toContain('your choice')
    expect(stateless.instructions()).toContain('Choose a name')
    for (const mcp of [session, named]) {
      for (const { name, inputSchema } of await mcp.tools()) expect((inputSchema['required'] as string[] | undefined) ?? [], name).not.toContain('thread')
      expect(mcp.instructions()).not.toContain('Choose a name')
    }
    const { token } = await house.tokens.add({ name: 'bound', scope: 'agent', thread_prefix: 'ci-', user: null }, 'client:master')
    const bound = await overHttp('2026', `${house.bridge.url}/mcp`, token)
    clients.push(bound)
    expect((await schemaOf(bound, 'command_run')).properties['thread']?.description).toContain('`ci-`')
  })
})

describe('a client that goes away takes its command along', () => {
  it.each(kinds)('%s', async (kind) => {
    await open()
    const mcp = await client(kind, { 'x-berth-thread': 't' })
    const call = mcp.call('command_run', { command: 'wait' }).catch(() => 'gone')
    await eventually('it runs', () => house.provider.running() === 1)
    await mcp.drop()
    await eventually('it has ended', () => house.provider.running() === 0)
    await call
  })
})

describe('over plain HTTP', () => {
  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])('agrees on %s and runs a tool', async (version) => {
    await open()
    const session = await shakeHands(version)
    const headers = { ...session, ...(version >= '2025-06-18' ? { 'mcp-protocol-version': version } : {}) }
    expect(await (await send(run('hello'), { headers })).text()).toContain('hello')
  })

  it('takes a batch, as 2025-03-26 has it', async () => {
    await open()
    const session = await shakeHands('2025-03-26')
    const answers = await (await send([run('first', 1), run('second', 2)], { headers: session })).text()
    expect(answers).toContain('first')
    expect(answers).toContain('second')
  })

  it('says what is wrong, with the status that a client expects', async () => {
    await open()
    const session = await shakeHands()
    const status = async (message: unknown, options: Parameters<typeof send>[1]) => (await send(message, options)).status
    expect(await status(run('a'), { headers: { 'mcp-session-id': 'nobody' } })).toBe(404)
    expect(await status(run('a'), {})).toBe(400)
    expect(await status(run('a'), { headers: { ...session, authorization: undefined } })).toBe(401)
    expect(await status(run('a'), { headers: { ...session, authorization: 'Bearer wrong' } })).toBe(401)
    expect(await status(run('a'), { headers: { ...session, origin: 'http://evil.example' } })).toBe(403)
    expect(await status(run('a'), { headers: { ...session, accept: 'application/json' } })).toBe(406)
    expect(await status(run('a'), { headers: { ...session, 'content-type': 'text/plain' } })).toBe(415)
    expect(await status('{', { headers: session })).toBe(400)
    expect(await (await send('{nope', { headers: session })).json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32700 } })
    expect(await status('', { headers: session })).toBe(400)
    expect(await status('null', { headers: session })).toBe(400)
    expect(await status(null, { method: 'PUT', headers: session })).toBe(405)
    expect(await status(null, { method: 'GET', headers: session })).toBe(200)
    expect(await status(run('x'.repeat(38_000_000)), { headers: session })).toBe(413)
    expect(await status(initialize(), { headers: { accept: 'application/json' } })).toBe(406)
    expect(holders()).toEqual([])
  })

  it('a tool that there is none of, and a failure that nobody foresaw', async () => {
    await open()
    const session = await shakeHands()
    const unknown = await send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'rm_rf' } }, { headers: session })
    expect(await unknown.text()).toContain('-32602')
    const mcp = await client()
    const broken = await mcp.call('sandbox_acquire', { thread: 'broken' })
    expect(broken).toMatchObject({ isError: true, meta: { 'berth/error': { code: 'INTERNAL' } } })
    expect(house.logged).toHaveLength(1)
  })
})
