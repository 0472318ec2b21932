import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { z } from 'zod'
import type { ServerFrame } from '../../../shared/wire/frame.ts'
import { connect } from '../../../main/doors/client/client.ts'
import { contractId } from '../../../main/calls/rpc/contract-hash.ts'
import { type MemoryHouse, openMemoryHouse } from '../../support/memory-house.ts'
import { hear } from '../../support/transport-subject.ts'
import { eventually, within } from '../../support/wait.ts'

let house: MemoryHouse
beforeAll(async () => {
  house = await openMemoryHouse()
})
afterAll(async () => await house.close())

const engine = () => house.house.engine
const socketUrl = (path = '/berth/v1/socket') => `${engine().url.replace('http', 'ws')}${path}`
const bearer = (token: string): ClientOptions => ({ headers: { authorization: `Bearer ${token}` } })

/** Status with which the upgrade was refused, and the code in its body. */
async function refusal(options: ClientOptions, path?: string): Promise<[number, string]> {
  const socket = new WebSocket(socketUrl(path), options)
  const [request, response] = (await within(10_000, 'the refusal', once(socket, 'unexpected-response'))) as [{ destroy(): void }, IncomingMessage]
  let body = ''
  for await (const part of response.setEncoding('utf8')) body += String(part)
  request.destroy()
  return [response.statusCode ?? 0, z.object({ error: z.object({ code: z.string() }) }).parse(JSON.parse(body)).error.code]
}

/** A socket by hand: what came over it, and how it was closed. */
function open(options: ClientOptions = {}) {
  const socket = new WebSocket(socketUrl(), options)
  const frames: ServerFrame[] = []
  let closed: [number, string] | null = null
  socket.on('message', (data) => frames.push(JSON.parse(String(data)) as ServerFrame))
  socket.on('close', (code, reason) => (closed = [code, String(reason)]))
  const end = () => eventually('it is closed', () => closed ?? undefined, { within: 15_000 })
  return {
    socket,
    frames,
    end,
    async say(frame: unknown) {
      if (socket.readyState === WebSocket.CONNECTING) await once(socket, 'open')
      socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
    },
    frame: <K extends ServerFrame['k']>(k: K) =>
      eventually(`a frame ${k}`, () => frames.find((it): it is Extract<ServerFrame, { k: K }> => it.k === k), { within: 10_000 }),
  }
}
const hello = (key = '', contract: unknown = contractId()) => ({ k: 'hello', key, contract, app: 'test' })

async function logIn(): Promise<string> {
  const { url } = await engine().call('login_link', {})
  const code = new URL(url).hash.replace(/^#.*?([\w-]{20,}).*$/, '$1')
  return (await engine().call('session_open', { code })).key
}

describe('who may open a socket', () => {
  it.each<[string, ClientOptions, number, string, string?]>([
    ['a page of another origin', { origin: 'http://127.0.0.1:9' }, 403, 'BAD_ORIGIN'],
    ['a page of a sandbox', { origin: 'http://0123456789abcdef.localhost:7879' }, 403, 'BAD_ORIGIN'],
    ['a page without an origin of its own', { origin: 'null' }, 403, 'BAD_ORIGIN'],
    ['a name that was made to mean this machine', { headers: { host: 'rebound.example:1' } }, 403, 'BAD_HOST'],
    ['a browser on behalf of another site', { headers: { 'sec-fetch-site': 'same-site' } }, 403, 'BAD_ORIGIN'],
    ['a token that is none', bearer(`e2b_${'0'.repeat(40)}`), 401, 'UNAUTHORIZED'],
    ['whoever wants another path', {}, 404, 'NO_SUCH_CALL', '/berth/v1/else'],
  ])('refuses %s', async (_, options, status, code, path) => {
    expect(await refusal(options, path)).toEqual([status, code])
  })

  it('lets in a page of its own, by a session that it names in the first frame', async () => {
    const key = await logIn()
    const page = open({ origin: engine().url, headers: { 'sec-fetch-site': 'same-origin' } })
    await page.say(hello(key))
    expect(await page.frame('hello')).toMatchObject({ instance: engine().instance, contract: contractId(), session: expect.stringMatching(/^[a-f0-9]+$/) })
    page.socket.close()
    await page.end()
  })

  it('lets in a token in the first frame or in the head, as no session', async () => {
    for (const [options, key] of [
      [{}, house.token],
      [bearer(house.token), ''],
      [{ headers: { 'x-api-key': house.token } }, ''],
    ] as const) {
      const it = open(options)
      await it.say(hello(key))
      expect(await it.frame('hello')).toMatchObject({ session: null })
      it.socket.close()
    }
  })

  it('takes a session key for the socket only, and a cookie for nothing', async () => {
    const key = await logIn()
    expect(await refusal(bearer(key))).toEqual([401, 'UNAUTHORIZED'])
    const answer = await fetch(`${engine().url}/berth/v1/list`, {
      method: 'POST',
      body: '{}',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(401)
    const page = open({ headers: { cookie: `key=${key}; token=${house.token}` } })
    await page.say(hello('nothing'))
    expect(await page.end()).toEqual([4001, expect.stringMatching(/key/)])
  })
})

describe('how a socket is closed', () => {
  it.each<[string, unknown, number]>([
    ['a key that is none', hello('e2b_no'), 4001],
    ['no hello first', { k: 'sub', id: 1, topic: 'state', params: {} }, 4000],
    ['no JSON first', 'hello?', 4000],
  ])('%s', async (_, frame, code) => {
    const it = open()
    await it.say(frame)
    expect((await it.end())[0]).toBe(code)
    expect(it.frames).toEqual([])
  })

  it('another contract: 4009, with the version of the engine for the page that says so', async () => {
    const it = open(bearer(house.token))
    await it.say(hello('', { version: 1, hash: 'another' }))
    expect(await it.end()).toEqual([4009, '0.1.0'])
  })

  it('whoever says nothing: after 5 s', async () => {
    expect((await open(bearer(house.token)).end())[0]).toBe(4001)
  })

  it.each<[string, unknown]>([
    ['no JSON', '{'],
    ['an unknown kind', { k: 'shout', id: 1 }],
    ['a field too many', { k: 'unsub', id: 1, more: true }],
    ['a number that cannot be one', { k: 'call', id: 0, name: 'list', input: {} }],
  ])('a frame that is none, later: %s', async (_, frame) => {
    const it = open(bearer(house.token))
    await it.say(hello())
    await it.say({ k: 'sub', id: 7, topic: 'state', params: {} })
    await it.frame('event')
    await it.say(frame)
    expect((await it.end())[0]).toBe(4000)
    expect(it.frames.at(-1)).toMatchObject({ k: 'end', id: 7, error: { code: 'BAD_INPUT' } })
  })

  it('a frame that is too large', async () => {
    const it = open(bearer(house.token))
    await it.say(hello())
    await it.frame('hello')
    await it.say({ k: 'call', id: 1, name: 'list', input: 'x'.repeat(9_000_000) })
    expect((await it.end())[0]).toBe(1009)
  })

  it('a token that is revoked: 4001, with what it had under way ended first', async () => {
    await engine().call('acquire', { thread: 'revoked' })
    const { token } = await engine().call('token_add', { name: 'short', scope: 'operator' })
    const it = open(bearer(token))
    await it.say(hello())
    await it.say({ k: 'sub', id: 1, topic: 'state', params: {} })
    await it.say({ k: 'call', id: 2, name: 'exec', input: { thread: 'revoked', command: 'sleep 30' } })
    await it.frame('event')
    await engine().call('token_revoke', { name: 'short' })
    expect((await it.end())[0]).toBe(4001)
    expect(it.frames.filter(({ k }) => k === 'end' || k === 'error')).toMatchObject([
      { k: 'error', id: 2, error: { code: 'UNAUTHORIZED' } },
      { k: 'end', id: 1, error: { code: 'UNAUTHORIZED' } },
    ])
    // Nothing after its end.
    expect(it.frames.at(-1)).toMatchObject({ k: 'end' })
  })

  it('a session that is ended: 4001, and its key opens no other', async () => {
    const key = await logIn()
    const it = open()
    await it.say(hello(key))
    const { session } = await it.frame('hello')
    const watcher = await engine().endpoint('desktop')
    const heard = hear(watcher, 'state', {})
    await eventually('it is shown as connected', () => heard.events[0]?.type === 'snapshot' && heard.events[0].state.sessions[session ?? '']?.connected)
    await engine().call('session_end', { id: session ?? '' })
    expect((await it.end())[0]).toBe(4001)
    await eventually('it is gone', () =>
      heard.events.some((event) => event.type === 'patch' && event.ops.some((op) => op.op === 'session_gone' && op.id === session)),
    )
    const again = open()
    await again.say(hello(key))
    expect((await again.end())[0]).toBe(4001)
    watcher.close()
  })
})

describe('what a socket allows', () => {
  it("an agent's token calls what agents may, and subscribes to nothing", async () => {
    const { token } = await engine().call('token_add', { name: 'agent', scope: 'agent', thread_prefix: 'mine-' })
    const it = open(bearer(token))
    await it.say(hello())
    await it.say({ k: 'call', id: 1, name: 'acquire', input: { thread: 'mine-1' } })
    expect(await it.frame('result')).toMatchObject({ id: 1, value: { thread: 'mine-1' } })
    await it.say({ k: 'sub', id: 2, topic: 'state', params: {} })
    expect(await it.frame('end')).toMatchObject({ id: 2, error: { code: 'FORBIDDEN' } })
    await it.say({ k: 'call', id: 3, name: 'shutdown', input: {} })
    expect(await it.frame('error')).toMatchObject({ id: 3, error: { code: 'FORBIDDEN' } })
    it.socket.close()
  })

  it('refuses a number in use, and more subscriptions than any screen needs, and goes on', async () => {
    const it = open(bearer(house.token))
    await it.say(hello())
    for (let id = 1; id <= 66; id += 1) await it.say({ k: 'sub', id: Math.min(id, 65), topic: 'calls', params: {} })
    const ends = () => it.frames.filter(({ k }) => k === 'end')
    await eventually('two refusals', () => ends().length === 2)
    expect(ends()).toMatchObject([
      { id: 65, error: { code: 'BAD_INPUT' } },
      { id: 65, error: { code: 'BAD_INPUT' } },
    ])
    await it.say({ k: 'call', id: 100, name: 'health', input: {} })
    expect(await it.frame('result')).toMatchObject({ id: 100 })
    it.socket.close()
  })
})

it('sockets end in order when the engine does, and a second process learns why', async () => {
  const own = await openMemoryHouse()
  const client = await connect(own.house.home)
  const broken: string[] = []
  const endpoint = await client.socket((reason) => broken.push(reason))
  const heard = hear(endpoint, 'state', {})
  await eventually('the snapshot', () => heard.events.length > 0)
  const raw = new WebSocket(`${own.house.engine.url.replace('http', 'ws')}/berth/v1/socket`, bearer(own.token))
  await once(raw, 'open')
  raw.send(JSON.stringify(hello()))
  const closed = once(raw, 'close')
  await once(raw, 'message')
  await own.close()
  expect((await within(10_000, 'the close', closed))[0]).toBe(1001)
  await eventually('both ends', () => heard.ended() !== null && broken.length > 0)
  expect(heard.ended()).toMatchObject({ error: { code: 'SHUTTING_DOWN' } })
  expect(broken).toHaveLength(1)
  await expect(endpoint.call('list', {})).rejects.toMatchObject({ code: 'NOT_RUNNING' })
  client.close()
})
