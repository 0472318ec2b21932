import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestBridge, type TestBridge, testToken } from '../../support/bridge.ts'
import { rawHttp, rawSocket } from '../../support/raw-http.ts'

const headMs = 400

let house: TestBridge
beforeAll(async () => {
  house = await openTestBridge({ limits: { head: headMs, bodyIdle: 300, bodyBytes: 4096 } })
})
afterAll(async () => await house.close())

const port = () => house.bridge.port
const key = `authorization: bearer ${testToken}\r\n`

async function ask(head: string, body = ''): Promise<{ status: number; code: string | undefined; text: string }> {
  const text = await rawHttp(port(), `${head}connection: close\r\n\r\n${body}`)
  const code = /"code":"(\w+)"/.exec(text)?.[1]
  return { status: Number(text.slice(9, 12)), code, text }
}

const list = (headers: string) => ask(`GET /berth/v1/list HTTP/1.1\r\n${headers}`)

describe('Host', () => {
  it.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]', 'localhost:1', '127.0.0.1:65535', '[::1]:9'])('takes %s', async (host) => {
    expect((await list(`host: ${host}\r\n${key}`)).status).toBe(200)
  })

  it.each(['evil.example', '127.0.0.1.evil.example', 'localhost.', 'a@localhost', '0.0.0.0', '127.1', '', 'x.localhost'])('refuses %j', async (host) => {
    expect(await list(`host: ${host}\r\n${key}`)).toMatchObject({ status: 403, code: 'BAD_HOST' })
  })

  it('refuses two, though node keeps only the first', async () => {
    expect(await list(`host: localhost\r\nhost: evil.example\r\n${key}`)).toMatchObject({ status: 403, code: 'BAD_HOST' })
    expect((await list(key)).status).toBe(400)
  })

  it('is checked before the token and on open paths', async () => {
    expect(await ask('GET /health HTTP/1.1\r\nhost: evil.example\r\n')).toMatchObject({ status: 403, code: 'BAD_HOST' })
  })
})

describe('Origin and Sec-Fetch-Site', () => {
  it('takes its own origin and none', async () => {
    expect((await list(`host: localhost:7\r\norigin: http://localhost:7\r\n${key}`)).status).toBe(200)
  })

  it.each(['null', 'http://evil.example', 'https://localhost:7', 'http://localhost', 'http://localhost:70', 'http://x.localhost:7'])(
    'refuses origin %s',
    async (origin) => {
      expect(await list(`host: localhost:7\r\norigin: ${origin}\r\n${key}`)).toMatchObject({ status: 403, code: 'BAD_ORIGIN' })
    },
  )

  it('refuses two origins', async () => {
    expect(await list(`host: localhost\r\norigin: http://localhost\r\norigin: http://localhost\r\n${key}`)).toMatchObject({ code: 'BAD_ORIGIN' })
  })

  it.each([
    ['same-origin', 200],
    ['none', 200],
    ['same-site', 403],
    ['cross-site', 403],
    ['', 403],
  ])('Sec-Fetch-Site %j gives %i', async (site, status) => {
    expect((await list(`host: localhost\r\nsec-fetch-site: ${site}\r\n${key}`)).status).toBe(status)
  })

  it('gives no page any right: no CORS, no cookie, no browser prompt, no frame', async () => {
    const preflight = await ask('OPTIONS /berth/v1/list HTTP/1.1\r\nhost: localhost:7\r\norigin: http://localhost:7\r\naccess-control-request-method: POST\r\n')
    const refused = await list('host: localhost\r\n')
    const fine = await list(`host: localhost\r\n${key}`)
    for (const { text } of [preflight, refused, fine]) {
      expect(text).not.toMatch(/access-control|set-cookie|www-authenticate: basic/i)
      expect(text).toMatch(/x-content-type-options: nosniff/i)
      expect(text).toMatch(/cache-control: no-store/i)
      expect(text).toMatch(/frame-ancestors 'none'/i)
    }
    expect(preflight.status).toBe(401)
    expect(refused.text).toMatch(/www-authenticate: Bearer/i)
  })
})

describe('the token', () => {
  const basic = (text: string) => `authorization: Basic ${Buffer.from(text).toString('base64')}\r\n`

  it.each([
    ['Bearer', key],
    ['X-API-Key', `x-api-key: ${testToken}\r\n`],
    ['Basic, as password', basic(`anybody:${testToken}`)],
    ['Basic, without a user', basic(`:${testToken}`)],
  ])('is taken as %s', async (_name, header) => {
    expect((await list(`host: localhost\r\n${header}`)).status).toBe(200)
  })

  it.each([
    ['none', ''],
    ['an empty one', 'x-api-key: \r\n'],
    ['a wrong one', 'x-api-key: e2b_0\r\n'],
    ['one with more behind it', `x-api-key: ${testToken}0\r\n`],
    ['as a user name', basic(`${testToken}:`)],
    ['without a colon', basic(testToken)],
    ['in a cookie', `cookie: token=${testToken}\r\n`],
    ['twice, as node joins them', `x-api-key: ${testToken}\r\nx-api-key: ${testToken}\r\n`],
  ])('is refused: %s', async (_name, header) => {
    expect(await list(`host: localhost\r\n${header}`)).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
  })

  it('is needed even where there is nothing, and not for health and the OpenAPI text', async () => {
    expect((await ask('GET /nowhere HTTP/1.1\r\nhost: localhost\r\n')).status).toBe(401)
    for (const path of ['/health', '/berth/v1/health', '/openapi.json', '/berth/v1/openapi.json']) {
      const { status, text } = await ask(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n`)
      expect(status, path).toBe(200)
      expect(text).not.toContain(testToken)
    }
  })
})

describe('paths', () => {
  it.each([
    '//berth/v1/list',
    '/berth//v1/list',
    '/berth/v1/list/',
    '/berth/v1/../v1/list',
    '/./berth/v1/list',
    '/berth/v1/%6cist',
    '/berth%2fv1%2flist',
    '/berth\\v1\\list',
    '/berth/v1/list;x',
    'http://localhost/berth/v1/list',
    '/health/../berth/v1/list',
    '*',
    '/berth/v1/__proto__',
    '/berth/v1/constructor',
    '/BERTH/v1/list',
  ])('%s is nothing', async (path) => {
    expect(await ask(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n${key}`)).toMatchObject({ status: 404, code: 'NO_SUCH_CALL' })
  })
})

describe('bodies and heads', () => {
  const post = (headers: string, body: string, name = 'list') => ask(`POST /berth/v1/${name} HTTP/1.1\r\nhost: localhost\r\n${key}${headers}`, body)
  const json = (body: string) => `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`

  it('takes JSON, with a charset, chunked, or none at all', async () => {
    expect((await post(json('{}'), '{}')).status).toBe(200)
    expect((await post('content-type: application/json; charset=utf-8\r\ncontent-length: 2\r\n', '{}')).status).toBe(200)
    expect((await post('content-type: application/json\r\ntransfer-encoding: chunked\r\n', '2\r\n{}\r\n0\r\n\r\n')).status).toBe(200)
    expect((await post('content-length: 0\r\n', '')).status).toBe(200)
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx'])(
    'refuses %s, which a page could send unasked',
    async (type) => {
      expect(await post(`content-type: ${type}\r\ncontent-length: 2\r\n`, '{}')).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' })
    },
  )

  it('refuses a compressed body', async () => {
    expect((await post(`${json('{}')}content-encoding: gzip\r\n`, '{}')).status).toBe(415)
  })

  it('says what is wrong with a body', async () => {
    expect(await post(json('{"a":'), '{"a":')).toMatchObject({ status: 400, code: 'BAD_INPUT' })
    const wrong = '{"thread":"a b","command":5,"colour":"red"}'
    const { status, text } = await post(json(wrong), wrong, 'exec')
    expect(status).toBe(400)
    expect(text).toContain('`thread`: A thread id must be 1 to 64')
    expect(text).toContain('`command`: expected string, received number or expected array')
    expect(text).toContain('`colour`: there is no such field')
  })

  it('refuses what is too large, announced or not, and the client reads why', async () => {
    const large = JSON.stringify({ x: 'y'.repeat(200_000) })
    expect(await post(json(large), large)).toMatchObject({ status: 413, code: 'TOO_LARGE' })
    const chunk = 'z'.repeat(4000)
    const chunks = `${chunk.length.toString(16)}\r\n${chunk}\r\n`.repeat(3) + '0\r\n\r\n'
    expect(await post('content-type: application/json\r\ntransfer-encoding: chunked\r\n', chunks)).toMatchObject({ code: 'TOO_LARGE' })
  })

  it('does not wait for ever for a head', async () => {
    const answer = await rawHttp(port(), 'GET /health HTTP/1.1\r\nhost: loc')
    expect(answer).toContain('408')
    expect(answer).toContain('"TIMEOUT"')
  })

  it('takes a request on a connection that was opened ahead of need', async () => {
    const socket = await rawSocket(port())
    await sleep(3 * headMs)
    const answer = once(socket.setEncoding('utf8'), 'data')
    socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n')
    expect(String((await answer)[0])).toContain('HTTP/1.1 200')
    socket.destroy()
  })

  it('does not wait for ever for a head on it either', async () => {
    const socket = await rawSocket(port())
    await sleep(3 * headMs)
    const answer = once(socket.setEncoding('utf8'), 'data')
    socket.write('GET /health HTTP/1.1\r\nhost: loc')
    expect(String((await answer)[0])).toContain('408')
    socket.destroy()
  })

  it('does not wait for ever for a body', async () => {
    const answer = await rawHttp(
      port(),
      `POST /berth/v1/list HTTP/1.1\r\nhost: localhost\r\n${key}content-type: application/json\r\ncontent-length: 10\r\n\r\n{`,
    )
    expect(answer).toContain('504')
    expect(answer).toContain('"TIMEOUT"')
  })

  it('answers what is no HTTP, and too long a head, without ending', async () => {
    expect(await rawHttp(port(), 'hello there\r\n\r\n')).toContain('400 Bad Request')
    expect(await rawHttp(port(), `GET /health HTTP/1.1\r\nhost: localhost\r\nx-long: ${'a'.repeat(40_000)}\r\n\r\n`)).toContain('431')
    const socket = await rawSocket(port())
    socket.write('GET /health HT')
    socket.destroy()
    expect((await ask('GET /health HTTP/1.1\r\nhost: localhost\r\n')).status).toBe(200)
  })

  it('has one method for a change', async () => {
    const get = await ask(`GET /berth/v1/acquire?thread=a HTTP/1.1\r\nhost: localhost\r\n${key}`)
    expect(get).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' })
    expect(get.text).toMatch(/allow: POST/i)
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      expect((await ask(`${method} /berth/v1/list HTTP/1.1\r\nhost: localhost\r\n${key}content-length: 0\r\n`)).status).toBe(405)
    }
  })
})
