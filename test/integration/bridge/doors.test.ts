import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultLimits } from '../../../main/doors/http/body.ts'
import { type LiteServer, liteServer } from '../../support/lite-server.ts'
import { type MemoryHouse, openMemoryHouse } from '../../support/memory-house.ts'
import { rawHttp, rawSocket } from '../../support/raw-http.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

/**
 * One list of rules for every door that speaks HTTP: a new door is a row in `doors`, a new rule a test below, and none can miss the
 * other. A real engine with a real lite server behind it.
 */
let rig: MemoryHouse
let lite: LiteServer
let dir: TempDir
let address: string
const liteKey = 'k'.repeat(32)

interface Door {
  readonly name: string
  /** Where it is: origin and the path before `ask`. */
  readonly at: () => string
  readonly key: () => Record<string, string>
  /** A request that is answered with 200: its path, and its body; null: it is a GET. */
  readonly get: string
  readonly post: { readonly path: string; readonly body: unknown } | null
  /** A path below it at which there is nothing. */
  readonly nowhere: string
  /** Of an error in this door's own form: whether it is one. */
  readonly form: (body: unknown, text: string) => boolean
  /** Largest body, in bytes. */
  readonly largest: number
  /** Status of a body that is no JSON, and of one that nests too deep. */
  readonly bad: number
}

const has = (body: unknown, ...keys: string[]): boolean => typeof body === 'object' && body !== null && keys.every((key) => key in body)
const token = () => ({ authorization: `Bearer ${rig.token}` })
const handshake = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'doors', version: '1' } },
}
const bridge = (path: string) => () => `${rig.house.engine.url}${path}`
const aio = (body: unknown): boolean => has(body, 'success', 'message', 'data', 'hint') || has(body, 'detail')

const doors: readonly Door[] = [
  {
    name: "Berth's calls",
    at: bridge('/berth/v1'),
    key: token,
    get: '/list',
    post: { path: '/list', body: {} },
    nowhere: '/nothing',
    form: (body) => has((body as { error?: unknown }).error, 'code', 'message', 'next', 'retry'),
    largest: defaultLimits.bodyBytes,
    bad: 400,
  },
  {
    name: "deer-flow's dialect",
    at: bridge('/api'),
    key: token,
    get: '/sandboxes',
    post: { path: '/sandboxes', body: { sandbox_id: 'door', thread_id: 'door' } },
    nowhere: '/nothing',
    form: (body, text) => has(body, 'detail') || text === 'Unauthorized',
    largest: defaultLimits.bodyBytes,
    bad: 422,
  },
  {
    name: 'MCP',
    at: bridge('/mcp'),
    key: () => ({ ...token(), accept: 'application/json, text/event-stream' }),
    get: '',
    post: { path: '', body: handshake },
    nowhere: '/nothing',
    form: (body) => has(body, 'jsonrpc', 'error') && typeof (body as { error: { code: unknown } }).error.code === 'number',
    largest: defaultLimits.bodyBytes,
    bad: 400,
  },
  {
    name: 'the sandbox port',
    at: () => address,
    key: () => ({}),
    get: '/v1/sandbox',
    post: { path: '/v1/shell/exec', body: { command: 'true' } },
    nowhere: '/v1/nothing',
    form: aio,
    largest: 64 * 1024 * 1024,
    bad: 422,
  },
  {
    name: 'the lite server',
    at: () => lite.url,
    key: () => ({ 'x-aio-api-key': liteKey }),
    get: '/v1/sandbox',
    post: { path: '/v1/shell/exec', body: { command: 'true' } },
    nowhere: '/v1/nothing',
    form: aio,
    largest: 64 * 1024 * 1024,
    bad: 422,
  },
  {
    name: '/health',
    at: bridge(''),
    key: () => ({}),
    get: '/health',
    post: null,
    nowhere: '/nothing',
    form: (body) => has((body as { error?: unknown }).error, 'code'),
    largest: 0,
    bad: 0,
  },
]
const open = doors.filter(({ post }) => post !== null) as readonly (Door & { readonly post: NonNullable<Door['post']> })[]

beforeAll(async () => {
  dir = await tempDir('doors')
  rig = await openMemoryHouse()
  lite = await liteServer({ cwd: dir.path, key: liteKey })
  address = (await rig.house.engine.call('acquire', { thread: 'doors' })).url ?? ''
})
afterAll(async () => {
  await rig?.close()
  await lite?.stop()
  await dir?.remove()
})

const json = { 'content-type': 'application/json' }
/** The answer, and whether it is an error of this door. */
async function ask(door: Door, path: string, init: RequestInit & { headers?: Record<string, string> } = {}) {
  const answer = await fetch(`${door.at()}${path}`, { ...init, headers: { ...door.key(), ...init.headers } })
  const text = await answer.text()
  const body = ((): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      return null
    }
  })()
  return { status: answer.status, text, own: door.form(body, text), body: body as Record<string, never>, headers: answer.headers }
}
const post = (door: Door & { post: NonNullable<Door['post']> }, body: string, headers: Record<string, string> = json) =>
  ask(door, door.post.path, { method: 'POST', headers, body })
const lines = (headers: Record<string, string>) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
const rawTo = (door: Door, head: (path: string, host: string) => string) => {
  const url = new URL(door.at())
  return rawHttp(Number(url.port), head(url.pathname === '/' ? '' : url.pathname, url.host))
}

describe.each(open)('$name', (door) => {
  it('answers in HTTP/1.1 whoever offers h2c beside, with the body of the request read', async () => {
    const body = JSON.stringify(door.post.body)
    const { port, pathname, host } = new URL(door.at())
    const path = pathname === '/' ? '' : pathname
    const socket = await rawSocket(Number(port))
    let answer = ''
    socket.setEncoding('utf8').on('data', (part: string) => void (answer += part))
    socket.write(
      `POST ${path}${door.post.path} HTTP/1.1\r\nhost: ${host}\r\n${lines({ ...door.key(), ...json })}connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAAB\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    await eventually('the whole answer', () => /\r\n\r\n[^]*(?:\}|\r\n0\r\n\r\n)\s*$/.test(answer))
    expect(answer.slice(0, 15), answer).toBe('HTTP/1.1 200 OK')
    // The next request on the same connection is read from where the body ended.
    socket.write(`GET ${path}${door.nowhere} HTTP/1.1\r\nhost: ${host}\r\n${lines(door.key())}connection: close\r\n\r\n`)
    await eventually('the next answer', () => answer.includes('HTTP/1.1 404'))
    socket.destroy()
  })

  it('says 400 to JSON that nests too deep, and what is wrong to what is none, in its own form', async () => {
    const deep = await post(door, '['.repeat(100_000) + ']'.repeat(100_000))
    expect([deep.status, deep.own], deep.text).toEqual([400, true])
    expect(deep.text).toMatch(/deeper than 100/)
    const inside = await post(door, JSON.stringify({ ...(door.post.body as object), extra: '[['.repeat(1000) }))
    expect(inside.text, 'brackets in a text are no nesting').not.toMatch(/deeper/)
    const none = await post(door, '{nope')
    expect([none.status, none.own], none.text).toEqual([door.bad, true])
  })

  it('says what is wrong with the key, the path, the size and the escapes of the address, in its own form', async () => {
    if (Object.keys(door.key()).length > 0) {
      const wrong = await ask(door, door.post.path, {
        method: 'POST',
        body: JSON.stringify(door.post.body),
        headers: { ...json, authorization: 'Bearer wrong', 'x-aio-api-key': 'wrong' },
      })
      expect([wrong.status, wrong.own], wrong.text).toEqual([401, true])
    } else {
      const wrong = await fetch(`${door.at().replace(/[0-9a-f]{8}$/, '00000000')}${door.get}`)
      expect([wrong.status, door.form(await wrong.json(), '')]).toEqual([404, true])
    }
    const nowhere = await ask(door, door.nowhere)
    expect([nowhere.status, nowhere.own], nowhere.text).toEqual([404, true])
    const large = await rawTo(
      door,
      (path, host) =>
        `POST ${path}${door.post.path} HTTP/1.1\r\nhost: ${host}\r\n${lines({ ...door.key(), ...json })}content-length: ${door.largest + 1}\r\nconnection: close\r\n\r\n{`,
    )
    expect(large.slice(0, 12)).toBe('HTTP/1.1 413')
    expect(door.form(JSON.parse(large.slice(large.indexOf('{'))), large)).toBe(true)
    const letter = await rawTo(door, (path, host) => `GET ${path}/ü HTTP/1.1\r\nhost: ${host}\r\n\r\n`)
    expect(letter.slice(0, 12)).toBe('HTTP/1.1 400')
    expect(letter).toMatch(/escaped|percent-encoded/)
    expect(door.form(JSON.parse(letter.slice(letter.indexOf('{'))), letter)).toBe(true)
  })

  it('an empty body is no failure of its own', async () => {
    const empty = await ask(door, door.post.path, { method: 'POST' })
    expect(empty.status, empty.text).toBeLessThan(500)
    if (empty.status !== 200) expect(empty.own, empty.text).toBe(true)
  })
})

it.each(doors)('$name: a HEAD is its GET without the body', async (door) => {
  const head = await fetch(`${door.at()}${door.get}`, { method: 'HEAD', headers: door.key() })
  expect(head.status).toBe(200)
  expect(await head.text()).toBe('')
})

it('every GET of the bridge answers a HEAD: the same status and type, and streams end', async () => {
  const paths = [
    '/',
    '/health',
    '/openapi.json',
    '/metrics',
    '/icon.svg',
    '/berth/v1/events',
    '/berth/v1/status',
    '/berth/v1/list',
    '/api/capabilities',
    '/berth/v1/logs?thread=nobody',
    '/nowhere',
  ]
  for (const path of paths) {
    const leaving = new AbortController()
    const get = await fetch(bridge(path)(), { headers: token(), signal: leaving.signal })
    const head = await fetch(bridge(path)(), { method: 'HEAD', headers: token() })
    expect([head.status, head.headers.get('content-type')], path).toEqual([get.status, get.headers.get('content-type')])
    await head.text()
    leaving.abort()
  }
  const refused = await fetch(bridge('/health')(), { method: 'PUT' })
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  await expect(rig.house.engine.call('status', {})).resolves.toMatchObject({ home: rig.house.home })
})

it('a WebSocket where there is none is refused in the form of the address', async () => {
  const upgrade = (path: string) =>
    rawHttp(
      rig.house.engine.port,
      `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n\r\n`,
    )
  expect(await upgrade('/mcp')).toMatch(/^HTTP\/1\.1 404[^]*"jsonrpc":"2\.0"/)
  expect(await upgrade('/api/sandboxes')).toMatch(/^HTTP\/1\.1 404[^]*"detail":/)
  expect(await upgrade('/berth/v1/nothing')).toMatch(/^HTTP\/1\.1 404[^]*"code":"NO_SUCH_CALL"/)
})
