import { type IncomingHttpHeaders, request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { rendererDir } from '../../../main/base/resources.ts'
import { contractId } from '../../../main/calls/rpc/contract-hash.ts'
import { needs } from '../../support/parts.ts'
import { openHouse, type House } from '../../support/house.ts'
import { eventually, within } from '../../support/wait.ts'

interface Spoken {
  readonly frames: Record<string, unknown>[]
  readonly closed: Promise<{ code: number; reason: string }>
  send(frame: unknown): void
  close(): void
}

needs('bubblewrap').describe("the browser's door of a running engine", () => {
  let house: House
  let port: number
  beforeAll(async () => {
    house = await openHouse({ backend: 'embedded' })
    port = house.engine.port
    await house.engine.call('acquire', { thread: 'door' })
  })
  afterAll(async () => await house.close())

  const url = (path: string) => `http://127.0.0.1:${port}${path}`
  const post = (call: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(url(`/berth/v1/${call}`), { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
  const newCode = async () => (await house.engine.call('login_link', {})).url.split('#login=')[1]!
  const login = async () => (await (await post('session_open', { code: await newCode() })).json()) as { key: string; session: { id: string } }

  /** A socket as a page opens it, with the key in its first frame. */
  async function speak(key: string, headers: Record<string, string> = {}): Promise<Spoken> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/berth/v1/socket`, { headers: { origin: `http://127.0.0.1:${port}`, ...headers } })
    const frames: Record<string, unknown>[] = []
    socket.on('message', (data) => frames.push(JSON.parse(String(data)) as Record<string, unknown>))
    const closed = new Promise<{ code: number; reason: string }>(
      (resolve) => void socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
    )
    await new Promise<void>((resolve, reject) => void socket.once('open', resolve).once('error', reject))
    socket.send(JSON.stringify({ k: 'hello', key, contract: contractId(), app: 'test' }))
    return { frames, closed, send: (frame) => socket.send(JSON.stringify(frame)), close: () => socket.close() }
  }

  it("is entered by the link that `berth open` prints: 127.0.0.1, the bridge's port, a code in the fragment", async () => {
    const { url: link, expires_at } = await house.engine.call('login_link', {})
    expect(link).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/#login=[\\w-]{22,}$`))
    expect(Date.parse(expires_at) - Date.now()).toBeGreaterThan(4 * 60_000)
    expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(5 * 60_000)
  })

  it('sets no cookie, on no answer', async () => {
    const answers = [
      await fetch(url('/')),
      await post('session_open', { code: await newCode() }),
      await fetch(url('/tickets/none')),
      await fetch(url('/health')),
    ]
    for (const answer of answers) expect(answer.headers.get('set-cookie')).toBeNull()
  })

  it("takes a session's key on its socket, and nowhere else", async () => {
    const { key, session } = await login()
    const forms: Record<string, string>[] = [
      { authorization: `Bearer ${key}` },
      { 'x-api-key': key },
      { authorization: `Basic ${Buffer.from(`berth:${key}`).toString('base64')}` },
      { cookie: `session=${key}; berth=${key}` },
    ]
    for (const headers of forms) {
      for (const call of ['status', 'list', 'login_link', 'token_copy', 'session_end'])
        expect((await post(call, {}, headers)).status, `${call} ${JSON.stringify(headers)}`).toBe(401)
      for (const path of ['/mcp', '/metrics', '/berth/v1/events', '/api/sandboxes', `/berth/v1/status?key=${key}`])
        expect((await fetch(url(path), { headers })).status, path).toBe(401)
      if ('cookie' in headers) expect(await (await speak('', headers)).closed).toMatchObject({ code: 4001 })
      else await expect(speak('', headers), JSON.stringify(headers)).rejects.toThrow(/401/)
    }
    const page = await speak(key)
    await eventually('it is let in', () => page.frames.length > 0)
    expect(page.frames[0]).toMatchObject({ k: 'hello', session: session.id, instance: house.engine.instance })
    page.send({ k: 'call', id: 1, name: 'status', input: {} })
    await eventually('it is answered', () => page.frames.some(({ id, k }) => id === 1 && k === 'result'))
    page.close()
  })

  it('lets nobody in without a key: no frame before it, none with a wrong one', async () => {
    for (const key of ['', 'x', `bu_${'a'.repeat(43)}`]) {
      const page = await speak(key)
      expect(await within(10_000, 'it is closed', page.closed)).toMatchObject({ code: 4001 })
      expect(page.frames).toEqual([])
    }
  })

  it('knows a page of another origin, another host and another site', async () => {
    const code = await newCode()
    for (const headers of [
      { origin: 'http://127.0.0.1:1' },
      { origin: `http://localhost:${port}` },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect((await post('session_open', { code }, headers)).status, JSON.stringify(headers)).toBe(403)
      await expect(speak('any', headers), JSON.stringify(headers)).rejects.toThrow(/403/)
    }
    // None of them used it up.
    expect((await post('session_open', { code })).status).toBe(200)
  })

  it('closes the socket of a session that is ended, at once', async () => {
    const { key, session } = await login()
    const [one, two] = [await speak(key), await speak(key)]
    await eventually('both are in', () => one.frames.length > 0 && two.frames.length > 0)
    expect(await house.engine.call('session_end', { id: session.id })).toEqual({ ended: true })
    expect(await within(10_000, 'its pages are closed', Promise.all([one.closed, two.closed]))).toMatchObject([{ code: 4001 }, { code: 4001 }])
    const again = await speak(key)
    expect(await again.closed).toMatchObject({ code: 4001 })
  })

  it('lets a page in again after the engine was started anew', async () => {
    const { key, session } = await login()
    house = await house.reopen()
    port = house.engine.port
    await house.engine.call('acquire', { thread: 'door' })
    const page = await speak(key)
    await eventually('it is let in', () => page.frames.length > 0)
    expect(page.frames[0]).toMatchObject({ session: session.id })
    page.close()
    expect((await house.engine.call('tokens', {})).tokens).toEqual([])
  })

  it("is not opened from inside a sandbox, which shares this machine's network", async () => {
    const { key } = await login()
    const exec = async (command: string) => (await house.engine.call('exec', { thread: 'door', command })).stdout
    const ask = (head: string, body = '{}') =>
      exec(
        `exec 3<>/dev/tcp/127.0.0.1/${port}; printf '%b\\r\\nHost: 127.0.0.1\\r\\nContent-Type: application/json\\r\\nConnection: close\\r\\nContent-Length: ${body.length}\\r\\n\\r\\n%s' '${head}' '${body}' >&3; head -1 <&3`,
      )
    expect(await ask('POST /berth/v1/login_link HTTP/1.1')).toContain('401')
    expect(await ask(`POST /berth/v1/login_link HTTP/1.1\\r\\nAuthorization: Bearer ${key}`)).toContain('401')
    expect(await ask('POST /berth/v1/session_open HTTP/1.1', '{"code":"guessed-guessed-guessed"}')).toContain('401')
    // Nor does it find one on disk: the home is not in there.
    expect(await exec(`ls ${house.home} 2>&1; cat ${join(house.home, 'tokens.json')} ${join(house.home, 'token')} 2>&1`)).not.toMatch(/hash|e2b_/)
  })

  it('sends the screens compressed to whoever takes that, and not at all to whoever has them', async () => {
    const ask = (headers: Record<string, string>) =>
      new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; bytes: Buffer }>((resolve, reject) => {
        request(url('/'), { headers }, (answer) => {
          const parts: Buffer[] = []
          answer
            .on('data', (part: Buffer) => parts.push(part))
            .on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(parts) }))
        })
          .on('error', reject)
          .end()
      })
    const plain = await readFile(join(rendererDir(), 'index.html'))
    const unpack = { br: brotliDecompressSync, gzip: gunzipSync, none: (bytes: Buffer) => bytes }
    const cases = [
      ['gzip, deflate, br, zstd', 'br'],
      ['gzip', 'gzip'],
      ['*', 'br'],
      ['br;q=0, *;q=0.5', 'gzip'],
      ['br;q=0,gzip;q=0', 'none'],
      ['identity', 'none'],
      ['', 'none'],
    ] as const
    for (const [accept, coding] of cases) {
      const got = await ask(accept === '' ? {} : { 'accept-encoding': accept })
      expect(got.headers['content-encoding'] ?? 'none', accept).toBe(coding)
      expect(got.headers).toMatchObject({ vary: 'Accept-Encoding', 'content-length': String(got.bytes.byteLength) })
      expect(unpack[coding](got.bytes).equals(plain), accept).toBe(true)
      if (coding !== 'none') expect(got.bytes.byteLength).toBeLessThan(plain.byteLength / 2)
      const again = await ask({ ...(accept === '' ? {} : { 'accept-encoding': accept }), 'if-none-match': `"other", W/${got.headers.etag}` })
      expect([again.status, again.bytes.byteLength], accept).toEqual([304, 0])
    }
    expect((await ask({ 'accept-encoding': 'gzip', 'if-none-match': (await ask({ 'accept-encoding': 'br' })).headers.etag ?? '' })).status).toBe(200)
  })

  it('gives the screens to anybody, framed by nobody, and nothing else', async () => {
    const index = await fetch(url('/'))
    expect(index.status).toBe(200)
    expect(Object.fromEntries(index.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-cache',
      vary: 'Accept-Encoding',
    })
    const page = await index.text()
    // Its policy would refuse them anyway; a build that has some is broken.
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>|\son\w+=|javascript:/)
    const types: Record<string, RegExp> = { js: /^text\/javascript/, css: /^text\/css/, svg: /^image\/svg\+xml$/, html: /^text\/html/ }
    for (const file of (await readdir(rendererDir(), { recursive: true })).filter((it) => /\.(?:js|css|html|svg|png)$/.test(it))) {
      const [got, head] = [await fetch(url(`/${file}`)), await fetch(url(`/${file}`), { method: 'HEAD' })]
      expect(got.status, file).toBe(200)
      expect(got.headers.get('content-type'), file).toMatch(types[file.split('.').at(-1)!] ?? /./)
      expect((await got.arrayBuffer()).byteLength, file).toBe((await stat(join(rendererDir(), file))).size)
      expect(head.headers.get('content-length')).toBe(got.headers.get('content-length'))
      if (file.startsWith('assets/')) expect(got.headers.get('cache-control')).toContain('immutable')
    }
    expect((await raw('/index.html.br')).status).toBe(401)
    expect((await fetch(url('/'), { method: 'POST' })).status).toBe(405)
    for (const path of [
      '/assets/',
      '/assets',
      '/../package.json',
      '/..%2fpackage.json',
      '/assets/%2e%2e/%2e%2e/token',
      '/token',
      '/config.yaml',
      '/assets/none.js',
      '//index.html',
      '/index.html/',
    ]) {
      expect([400, 401, 404], path).toContain((await raw(path)).status)
    }
  })

  /** As it stands: fetch would tidy the path up. */
  function raw(path: string): Promise<{ status: number }> {
    return new Promise((resolve, reject) => {
      let text = ''
      const socket = connectTcp(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`))
      socket
        .setEncoding('utf8')
        .on('data', (part: string) => (text += part))
        .on('error', reject)
      socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]) }))
    })
  }

  it("copies the home's token for whoever runs the house, and says who did", async () => {
    const { token } = await house.engine.call('token_copy', {})
    expect((await post('status', {}, { authorization: `Bearer ${token}` })).status).toBe(200)
    const { events } = await house.engine.call('events', { limit: 20 })
    expect(events.find(({ type }) => type === 'token.copied')).toMatchObject({ who: 'client:local' })
    expect(JSON.stringify(events)).not.toContain(token)
  })
})
