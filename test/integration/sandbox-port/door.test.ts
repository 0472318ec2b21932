import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testToken } from '../../support/bridge.ts'
import { rawHttp } from '../../support/raw-http.ts'
import { idA, idB, openPortRig, type PortRig, program, type Program } from '../../support/sandbox-port.ts'

let a: Program
let b: Program
let rig: PortRig
beforeAll(async () => {
  a = await program((request, response) => void response.end(`a ${request.url}`))
  b = await program((request, response) => void response.end(`b ${request.url}`))
  rig = await openPortRig({ [idA]: `http://127.0.0.1:${a.port}`, [idB]: `http://127.0.0.1:${b.port}` }, { listen: ['127.0.0.2'], host: 'berth.test' })
})
afterAll(async () => {
  await rig.close()
  await Promise.all([a.close(), b.close()])
})

const secret = (id: string) => rig.capabilities.of('path', id)
const unknown = 'c'.repeat(16)

async function ask(
  target: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; code: string | undefined; body: string; head: string }> {
  const lines = Object.entries({ host: '127.0.0.1', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  const text = await rawHttp(rig.port, `${method} ${target} HTTP/1.1\r\n${lines.join('')}connection: close\r\n\r\n`)
  const end = text.indexOf('\r\n\r\n')
  const body = text.slice(end + 4)
  return { status: Number(text.slice(9, 12)), code: /"code":"(\w+)"/.exec(text)?.[1], body, head: text.slice(0, end) }
}

describe('a program', () => {
  it('is let in by the secret, to this sandbox and to any path in it', async () => {
    for (const [path, got] of [
      ['', '/'],
      ['/', '/'],
      ['?x=1', '/?x=1'],
      ['/v1/a/b?c=d&e', '/v1/a/b?c=d&e'],
      ['//x', '//x'],
      ['/%2e%2e/%C3%A9', '/%2e%2e/%C3%A9'],
    ]) {
      const answer = await ask(`/s/${idA}.${secret(idA)}${path}`)
      expect(answer.status, path).toBe(200)
      expect(answer.body, path).toContain(`a ${got}`)
    }
    expect((await ask(`/s/${idB}.${secret(idB)}/x`)).body).toContain('b /x')
  })

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])('may %s', async (method) => {
    const before = a.heard.length
    expect((await ask(`/s/${idA}.${secret(idA)}/m`, {}, method)).status).toBe(200)
    expect(a.heard.at(-1)?.method).toBe(method)
    expect(a.heard).toHaveLength(before + 1)
  })

  it('is let in by the token in a header, however it is sent', async () => {
    const basic = Buffer.from(`x:${testToken}`).toString('base64')
    for (const headers of [{ authorization: `Bearer ${testToken}` }, { 'x-api-key': testToken }, { authorization: `Basic ${basic}` }]) {
      expect(await ask(`/s/${idA}/v1/x`, headers)).toMatchObject({ status: 200 })
      expect(a.heard.at(-1)?.headers).not.toHaveProperty('authorization')
      expect(a.heard.at(-1)?.headers).not.toHaveProperty('x-api-key')
    }
  })

  it('learns nothing by guessing: one answer for what is not there, not right, not given', async () => {
    const wrong = '0'.repeat(32)
    const heard = [a.heard.length, b.heard.length]
    const answers = await Promise.all([
      ask(`/s/${idA}.${wrong}/`),
      ask(`/s/${unknown}.${wrong}/`),
      ask(`/s/${idA}.${secret(idB)}/`),
      ask(`/s/${idA}/`),
      ask(`/s/${unknown}/`),
      ask(`/s/${idA}/`, { 'x-api-key': `${testToken}0` }),
      ask(`/s/${unknown}/`, { 'x-api-key': testToken }),
      ask(`/s/${idA}.${secret(idA)}0/`),
      ask(`/s/${idA}.${secret(idA).slice(1)}/`),
      ask(`/s/${idA}.${secret(idA).toUpperCase()}/`),
      ask('/'),
      ask('/s/'),
      ask('/x'),
      ask(`/s/${idA}.${rig.capabilities.of('browser', idA)}/`),
      ask(`/s/${idA}/`, { cookie: rig.cookie(idA) }),
    ])
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 404, code: 'SANDBOX_NOT_FOUND' })
    expect([a.heard.length, b.heard.length]).toEqual(heard)
  })

  it('is told apart: right address, nothing behind it', async () => {
    expect(await ask(`/s/${unknown}.${secret(unknown)}/`)).toMatchObject({ status: 502, code: 'SANDBOX_LOST' })
  })

  it.each([
    (s: string) => `/s/${idB}.x/../${idA}.${s}/`,
    (s: string) => `/./s/${idA}.${s}/`,
    (s: string) => `//s/${idA}.${s}/`,
    (s: string) => `/s//${idA}.${s}/`,
    (s: string) => `/s/${idA}.${s}%2f`,
    (s: string) => `/s/${idA}%2e${s}/`,
    (s: string) => `/%73/${idA}.${s}/`,
    (s: string) => `/s/${idA}.${s}\\x`,
    (s: string) => `/s/${idA}.${s};x`,
    (s: string) => `/S/${idA}.${s}/`,
    (s: string) => `http://127.0.0.1/s/${idA}.${s}/`,
    (s: string) => `http://evil.example/s/${idA}.${s}/`,
    () => '*',
  ])('gets nowhere by a path trick (%#)', async (trick) => {
    const heard = a.heard.length + b.heard.length
    expect(await ask(trick(secret(idA)))).toMatchObject({ status: 404 })
    expect(a.heard.length + b.heard.length).toBe(heard)
  })

  it('stays in its own sandbox, whatever the rest of its path says', async () => {
    const heard = b.heard.length
    for (const rest of [
      `/../${idB}.${secret(idB)}/x`,
      `/..%2f${idB}/`,
      `/%2e%2e/${idB}.${secret(idB)}/`,
      `/http://127.0.0.1:${b.port}/`,
      `/@127.0.0.1:${b.port}/`,
    ]) {
      expect((await ask(`/s/${idA}.${secret(idA)}${rest}`)).body).toContain(`a ${rest}`)
    }
    expect(b.heard).toHaveLength(heard)
  })

  it('may name this machine as it likes, and nothing else', async () => {
    const at = `/s/${idA}.${secret(idA)}/`
    for (const host of ['127.0.0.1', 'localhost:1', '[::1]:99', '127.0.0.2:5', 'berth.test', 'BERTH.TEST:80'])
      expect((await ask(at, { host })).status, host).toBe(200)
    for (const host of ['evil.example', 'localhost.evil.example', '0.0.0.0', 'localhost.', 'x.localhost', `${idA}.localhost.evil.example`, '']) {
      expect(await ask(at, { host }), host).toMatchObject({ status: 403, code: 'BAD_HOST' })
    }
    const twice = await rawHttp(rig.port, `GET ${at} HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n`)
    expect(twice).toContain('BAD_HOST')
  })

  it('is not a browser: no page, no frame, no script, no worker, no other page asking', async () => {
    const at = `/s/${idA}.${secret(idA)}/`
    const heard = a.heard.length
    for (const headers of [
      { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' },
      { 'sec-fetch-dest': 'iframe' },
      { 'sec-fetch-dest': 'script' },
      { 'sec-fetch-dest': 'serviceworker' },
      { 'sec-fetch-dest': 'worker' },
      { 'service-worker': 'script' },
      { 'sec-fetch-mode': 'navigate' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'empty' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: `http://${idB}.localhost` },
    ]) {
      expect(await ask(at, headers as Record<string, string>), JSON.stringify(headers)).toMatchObject({ status: 403 })
    }
    expect(a.heard).toHaveLength(heard)
    // What Node's own fetch sends.
    expect((await ask(at, { 'sec-fetch-mode': 'cors' })).status).toBe(200)
  })
})

describe('a browser', () => {
  const host = `${idA}.localhost:7879`
  const page = { host, 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' }

  it('enters with the secret and then has a cookie that nothing else takes for its own', async () => {
    const entered = await ask(`/.berth/enter?key=${secret(idA)}&to=/terminal?a=1`, { ...page, 'sec-fetch-site': 'cross-site' })
    expect(entered.status).toBe(200)
    expect(entered.body).toContain('content="0;url=/terminal?a=1"')
    const cookie = /set-cookie: ([^\r]*)/i.exec(entered.head)?.[1] ?? ''
    expect(cookie).toBe(`${rig.cookie(idA)}; Path=/; HttpOnly; SameSite=Strict`)
    expect(entered.head).toMatch(/referrer-policy: no-referrer/i)
    expect(cookie).not.toContain(secret(idA))
    const inside = await ask('/vnc/index.html', { ...page, 'sec-fetch-site': 'none', cookie: `x=1; ${rig.cookie(idA)}; y=2` })
    expect(inside.body).toContain('a /vnc/index.html')
    expect(a.heard.at(-1)?.headers.cookie).toBe('x=1; y=2')
  })

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/a\\b', '/ x', ''])(
    'goes on to nowhere else: %j',
    async (to) => {
      const entered = await ask(`/.berth/enter?key=${secret(idA)}&to=${encodeURIComponent(to)}`, page)
      expect(entered.body).toContain('content="0;url=/"')
    },
  )

  it('cannot write into the page by which it enters', async () => {
    const entered = await ask(`/.berth/enter?key=${secret(idA)}&to=${encodeURIComponent('/"><script>alert(1)</script>')}`, page)
    expect(entered.body).not.toContain('<script')
  })

  it('enters by nothing else, and into no other sandbox', async () => {
    for (const [target, headers] of [
      ['/.berth/enter', page],
      [`/.berth/enter?key=${secret(idB)}`, page],
      [`/.berth/enter?key=${rig.capabilities.of('browser', idA)}`, page],
      [`/.berth/enter?key=${secret(idA)}`, { ...page, 'sec-fetch-dest': 'iframe' }],
      [`/.berth/enter?key=${secret(idA)}`, { ...page, origin: `http://${host}` }],
      ['/', page],
      ['/', { ...page, cookie: rig.cookie(idB) }],
      ['/', { ...page, cookie: `berth-${idA}=${rig.capabilities.of('browser', idB)}` }],
      ['/', { ...page, cookie: `berth-${idA}=` }],
      ['/', { ...page, 'x-api-key': testToken }],
      [`/?key=${secret(idA)}`, page],
      [`/s/${idA}.${secret(idA)}/`, page],
    ] as const) {
      expect((await ask(target, headers)).status, `${target} ${JSON.stringify(headers)}`).toBe(403)
    }
    expect((await ask(`/.berth/enter?key=${secret(idA)}`, page, 'POST')).status).toBe(403)
    expect((await ask('/.berth/other', { ...page, cookie: rig.cookie(idA) })).status).toBe(404)
    expect((await ask(`http://${host}/`, { ...page, cookie: rig.cookie(idA) })).status).toBe(404)
  })

  it('says the same of a sandbox that there is and one that there is not', async () => {
    const there = await ask('/', page)
    const not = await ask('/', { ...page, host: `${unknown}.localhost:7879` })
    expect(not).toMatchObject({ status: there.status, body: there.body })
    expect(there.body).toContain('<h1>')
  })

  it('is refused on behalf of another page, even with the cookie', async () => {
    const heard = a.heard.length
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: `http://${idB}.localhost:7879` },
      { origin: 'http://127.0.0.1:7878' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      expect(await ask('/', { host, cookie: rig.cookie(idA), ...(headers as Record<string, string>) })).toMatchObject({ status: 403, code: 'BAD_ORIGIN' })
    }
    expect(a.heard).toHaveLength(heard)
    expect((await ask('/', { host, cookie: rig.cookie(idA), origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })
})

describe('an address that was ended', () => {
  it('is no longer taken in either form, and the next one is', async () => {
    const old = { url: `/s/${idB}.${secret(idB)}/`, cookie: rig.cookie(idB) }
    const host = `${idB}.localhost`
    expect((await ask('/', { host, cookie: old.cookie })).status).toBe(200)
    await rig.capabilities.renew(idB)
    expect((await ask(old.url)).status).toBe(404)
    expect((await ask('/', { host, cookie: old.cookie })).status).toBe(403)
    expect((await ask(`/s/${idB}.${secret(idB)}/`)).status).toBe(200)
    expect((await ask('/', { host, cookie: rig.cookie(idB) })).status).toBe(200)
  })
})
