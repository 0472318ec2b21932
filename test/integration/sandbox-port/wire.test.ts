import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { testToken } from '../../support/bridge.ts'
import { rawHttp, rawSocket } from '../../support/raw-http.ts'
import { idA, openPortRig, type PortRig, program, type Program, sandboxKeyOfTest } from '../../support/sandbox-port.ts'
import { eventually, within } from '../../support/wait.ts'

const headMs = 400

/** What the program does next; by default it says what it heard. */
let behave: (request: IncomingMessage, response: ServerResponse) => void
let upgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => void
let box: Program
let rig: PortRig
beforeAll(async () => {
  box = await program(
    (request, response) => behave(request, response),
    (request, socket, head) => upgrade(request, socket, head),
  )
  rig = await openPortRig({ [idA]: `http://127.0.0.1:${box.port}` }, { limits: { bodyIdle: 400, head: headMs, closing: 200 } })
})
afterAll(async () => {
  await rig.close()
  await box.close()
})
beforeEach(() => {
  rig.did.length = 0
  behave = (request, response) => {
    let size = 0
    request.on('data', (part: Buffer) => void (size += part.length)).on('end', () => response.end(JSON.stringify({ raw: request.rawHeaders, size })))
  }
  upgrade = (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: x\r\n\r\n')
    socket.pipe(socket)
  }
})
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const at = (path = '/') => `/s/${idA}.${rig.capabilities.of('path', idA)}${path}`

async function ask(
  headers: string,
  options: { method?: string; body?: string; path?: string; host?: string } = {},
): Promise<{ text: string; head: string; raw: string[]; size: number }> {
  const text = await rawHttp(
    rig.port,
    `${options.method ?? 'GET'} ${options.path ?? at()} HTTP/1.1\r\nhost: ${options.host ?? 'localhost'}\r\n${headers}connection: close\r\n\r\n${options.body ?? ''}`,
  )
  const start = text.indexOf('{"raw"')
  const parsed = start < 0 ? { raw: [], size: -1 } : (JSON.parse(text.slice(start, text.lastIndexOf('}') + 1)) as { raw: string[]; size: number })
  return { text, head: text.split('\r\n\r\n', 1)[0] ?? '', ...parsed }
}

/** Values of a header as the program got them. */
const heard = (raw: readonly string[], name: string) => raw.filter((_, n) => n % 2 === 1 && raw[n - 1]?.toLowerCase() === name)

describe('what a sandbox is sent', () => {
  it('has the key of this sandbox, whatever the client claims', async () => {
    const { raw } = await ask('x-aio-api-key: mine\r\nX-AIO-API-Key: other\r\n')
    expect(heard(raw, 'x-aio-api-key')).toEqual([sandboxKeyOfTest])
  })

  it('has no token of Berth and no cookie of Berth, in any form', async () => {
    const basic = (text: string) => Buffer.from(text).toString('base64')
    const others = `e2b_${'9'.repeat(40)}`
    const { raw } = await ask(
      `authorization: Bearer ${testToken}\r\nauthorization: Basic ${basic(`x:${testToken}`)}\r\nauthorization: Basic ${basic(`${others}:x`)}\r\nx-api-key: ${testToken}\r\n` +
        `x-api-key: ${others}\r\ncookie: a=1; berth-${idA}=z; b=2\r\ncookie: BERTH-x=1\r\nproxy-authorization: Basic x\r\n`,
    )
    expect(raw.join('\n')).not.toMatch(/e2b_|berth-|proxy-auth/i)
    expect(heard(raw, 'authorization')).toEqual([])
    expect(heard(raw, 'x-api-key')).toEqual([])
    expect(heard(raw, 'cookie')).toEqual(['a=1; b=2'])
  })

  it("has a client's own login, which is for a program in there", async () => {
    const { raw } = await ask('authorization: token jupyter\r\nx-api-key: of-the-program\r\n')
    expect(heard(raw, 'authorization')).toEqual(['token jupyter'])
    expect(heard(raw, 'x-api-key')).toEqual(['of-the-program'])
  })

  it('has nothing of this connection, and a Host from which it can make addresses', async () => {
    const { raw } = await ask(
      `te: trailers\r\ntrailer: x-t\r\nkeep-alive: 1\r\nproxy-connection: x\r\nx-private: 1\r\nx-kept: 2\r\norigin: http://localhost\r\nconnection: x-private, host\r\n`,
    )
    expect(heard(raw, 'host')).toEqual([`${idA}.localhost:${rig.port}`])
    for (const name of ['te', 'trailer', 'keep-alive', 'proxy-connection', 'x-private', 'origin']) expect(heard(raw, name), name).toEqual([])
    expect(heard(raw, 'x-kept')).toEqual(['2'])
  })

  it('on its own host name is told that very name, and the page that asks', async () => {
    const host = `${idA}.localhost:9`
    const { raw } = await ask(`cookie: ${rig.cookie(idA)}\r\norigin: http://${host}\r\n`, { path: '/x', host })
    expect(heard(raw, 'host')).toEqual([host])
    expect(heard(raw, 'origin')).toEqual([`http://${host}`])
    expect(heard(raw, 'cookie')).toEqual([])
  })

  it.each(['GET', 'POST', 'DELETE', 'OPTIONS'])('has one body, as long as it was: %s', async (method) => {
    const chunked = await ask('transfer-encoding: chunked\r\n', { method, body: '5\r\nhello\r\n3\r\n!!!\r\n0\r\nx-trailer: 1\r\n\r\n' })
    expect(chunked.size).toBe(8)
    expect(heard(chunked.raw, 'transfer-encoding')).toEqual(['chunked'])
    expect(heard(chunked.raw, 'content-length')).toEqual([])
    const sized = await ask('content-length: 5\r\n', { method, body: 'hello' })
    expect(sized.size).toBe(5)
    expect(heard(sized.raw, 'content-length')).toEqual(['5'])
  })

  it.each([
    ['two lengths', 'content-length: 5\r\ncontent-length: 6\r\n', 'hello!'],
    ['a length and chunks', 'content-length: 5\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n'],
    ['a coding in front', 'transfer-encoding: gzip, chunked\r\n', '0\r\n\r\n'],
    ['an unknown coding', 'transfer-encoding: xchunked\r\n', '0\r\n\r\n'],
    ['a length that is none', 'content-length: +5\r\n', 'hello'],
    ['a folded header', 'x-a: 1\r\n transfer-encoding: chunked\r\n', ''],
    ['a space before the colon', 'transfer-encoding : chunked\r\n', '0\r\n\r\n'],
    ['a bare line feed', 'x-a: 1\nx-b: 2\r\n', ''],
    ['a bare carriage return', 'x-a: 1\rx-b: 2\r\n', ''],
  ])('is never smuggled a second request: %s', async (_name, headers, body) => {
    const before = box.heard.length
    const smuggled = `GET ${at('/smuggled')} HTTP/1.1\r\nhost: localhost\r\n\r\n`
    const { text } = await ask(headers, { method: 'POST', body: body + smuggled })
    expect(text).toMatch(/^HTTP\/1.1 400 /)
    expect(box.heard.slice(before).map((request) => request.url)).not.toContain('/smuggled')
  })

  it('a length named in Connection still counts', async () => {
    const before = box.heard.length
    const text = await rawHttp(rig.port, `POST ${at()} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\nconnection: close, content-length\r\n\r\nhello`)
    expect(text).toContain('"size":5')
    expect(box.heard).toHaveLength(before + 1)
  })
})

describe('what a client is sent', () => {
  const answerWith = (headers: [string, string][], status = 200) => {
    behave = (_request, response) => {
      for (const [name, value] of headers) response.appendHeader(name, value)
      response.writeHead(status).end('x')
    }
  }
  const host = `${idA}.localhost`
  const browser = () => ask(`cookie: ${rig.cookie(idA)}\r\n`, { path: '/', host })

  it('has cookies of its own only, never one for more than its host or with a name of Berth', async () => {
    const cookies: [string, string][] = [
      ['set-cookie', 'a=1; Path=/; HttpOnly'],
      ['set-cookie', 'b=2; Domain=localhost'],
      ['set-cookie', `c=3; domain=.${host}; Path=/`],
      ['set-cookie', `berth-${idA}=forged; Path=/`],
      ['set-cookie', ` BERTH-x=1`],
      ['set-cookie', `=berth-${idA}=1`],
    ]
    answerWith(cookies)
    const own = await browser()
    expect(own.head.match(/^set-cookie: .*$/gim)).toEqual(['set-cookie: a=1; Path=/; HttpOnly'])
    const program = await ask('')
    expect(program.head.match(/^set-cookie: .*$/gim)).toEqual([`set-cookie: a=1; HttpOnly; Path=${at('/')}`])
  })

  it('may not widen a worker, nor say where else this port is, and no referrer is sent', async () => {
    answerWith([
      ['service-worker-allowed', '/'],
      ['alt-svc', 'h2=":1"'],
      ['strict-transport-security', 'max-age=1'],
      ['referrer-policy', 'unsafe-url'],
      ['content-security-policy', "default-src 'self'"],
      ['clear-site-data', '"*"'],
      ['x-own', '1'],
    ])
    const own = await browser()
    expect(own.head).not.toMatch(/service-worker-allowed|alt-svc|strict-transport|unsafe-url/i)
    expect(own.head).toMatch(/referrer-policy: no-referrer/i)
    expect(own.head).toMatch(/x-own: 1/i)
    const program = await ask('')
    expect(program.head).not.toMatch(/clear-site-data|service-worker-allowed/i)
    expect(program.head.match(/^content-security-policy: .*$/gim)).toEqual(["content-security-policy: default-src 'self'", 'content-security-policy: sandbox'])
  })

  it('is redirected within the sandbox', async () => {
    for (const [to, got] of [
      ['/x?y', at('/x?y')],
      [`http://${idA}.localhost:${rig.port}/x`, at('/x')],
      [`http://${idA}.localhost:${rig.port}`, at('/')],
      ['x/y', 'x/y'],
      [`//${idA}.localhost:${rig.port}/x?y`, at('/x?y')],
      [`//${idA}.localhost:${rig.port}`, at('/')],
      [`HTTPS://${idA}.LOCALHOST:${rig.port}/x`, at('/x')],
      [`http://user:word@${idA}.localhost:${rig.port}/x#y`, at('/x#y')],
      [`http://${idA}.localhost:${rig.port}?q`, at('/?q')],
      [`http://${idA}.localhost:1/x`, `http://${idA}.localhost:1/x`],
      ['//evil.example/', '//evil.example/'],
      ['http://elsewhere.example/', 'http://elsewhere.example/'],
    ] as const) {
      answerWith([['location', to]], 302)
      expect((await ask('')).head.split('\r\n'), to).toContain(`location: ${got}`)
    }
    answerWith([['location', '/x']], 302)
    expect((await browser()).head).toContain('location: /x')
  })

  it.each([204, 304, 206, 418, 500, 503])('gets the status %i', async (status) => {
    answerWith([], status)
    expect((await ask('')).text).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })

  it('gets a head, then each piece as it comes', async () => {
    behave = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      setTimeout(() => response.write('data: 1\n\n'), 50)
    }
    const socket = await rawSocket(rig.port)
    sockets.push(socket)
    socket.setEncoding('utf8').write(`GET ${at('/sse')} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    const [head] = (await within(5000, 'the head', once(socket, 'data'))) as [string]
    expect(head).toContain('text/event-stream')
    const [piece] = (await within(5000, 'the first event', once(socket, 'data'))) as [string]
    expect(piece).toContain('data: 1')
    expect(rig.did).toContain('streaming')
    socket.destroy()
    await eventually('it is left', () => rig.did.includes('left'))
  })

  it.each([
    ['closes at once', 'SANDBOX_UNREACHABLE', (socket: Socket) => void socket.destroy()],
    ['speaks something else', 'BAD_ANSWER', (socket: Socket) => void socket.end('SSH-2.0-x\r\n')],
    ['has a head without end', 'BAD_ANSWER', (socket: Socket) => void socket.write(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(300_000)}`)],
    [
      'switches unasked',
      'SANDBOX_UNREACHABLE',
      (socket: Socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
    ['has a status that is none', 'BAD_ANSWER', (socket: Socket) => void socket.write('HTTP/1.1 042 X\r\ncontent-length: 0\r\n\r\n')],
  ])('is told with 502 that what answers %s', async (_name, code, act) => {
    behave = (request) => act(request.socket)
    const { text } = await ask('', { method: 'POST' })
    expect(text).toMatch(/^HTTP\/1.1 502 /)
    expect(text).toContain(`"code":"${code}"`)
    // What will go on so is not called again.
    expect(text).toContain(`"retry":${code !== 'BAD_ANSWER'}`)
  })

  it('passes on what a program collects in headers, 200 KiB of it', async () => {
    behave = (_request, response) => {
      for (let at = 0; at < 50; at++) response.appendHeader('x-many', 'a'.repeat(4096))
      response.end('there')
    }
    const { text } = await ask('')
    expect(text.slice(0, 15)).toBe('HTTP/1.1 200 OK')
    expect(text.length).toBeGreaterThan(200_000)
  })

  it('sees a broken answer as broken, with a length and without', async () => {
    for (const head of [{ 'content-length': '1000' }, {}]) {
      behave = (_request, response) => {
        response.writeHead(200, head)
        response.write('half')
        setTimeout(() => response.socket?.resetAndDestroy(), 50)
      }
      const failed = await fetch(rig.url(idA))
        .then(async (response) => await response.text())
        .then(
          () => null,
          (error: unknown) => error,
        )
      expect(failed).not.toBeNull()
    }
  })

  it('sees the end of its sandbox at once, before an answer and within one', async () => {
    behave = () => setTimeout(() => rig.lose(idA), 50)
    expect((await ask('')).text).toMatch(/^HTTP\/1.1 502 [^]*"SANDBOX_LOST"/)
    behave = (_request, response) => {
      response.writeHead(200)
      response.write('half')
      setTimeout(() => rig.lose(idA), 50)
    }
    const text = fetch(rig.url(idA)).then((response) => response.text())
    await expect(within(5000, 'the end', text)).rejects.toThrow(/terminated|fetch failed/)
  })

  it('keeps its connection where the other side closed one that was kept', async () => {
    for (let round = 0; round < 3; round += 1) {
      expect((await ask('')).text).toContain('200 OK')
      // The program's end of the kept connection goes.
      box.heard.at(-1)?.socket.destroy()
    }
    expect((await ask('')).text).toContain('200 OK')
  })

  it('may be answered before it has sent everything, and is not kept waiting', async () => {
    behave = (_request, response) => void response.writeHead(413, { connection: 'close' }).end('too large')
    const sent = httpRequest(rig.url(idA), { method: 'POST', headers: { 'content-length': 50_000_000 } })
    sent.on('error', () => undefined).write('x'.repeat(100_000))
    const [response] = (await within(10_000, 'an answer', once(sent, 'response'))) as [IncomingMessage]
    expect(response.statusCode).toBe(413)
    sent.destroy()
    await eventually('it is left', () => rig.did.includes('left'))
  })
})

describe('slow clients', () => {
  it('that never end their head are let go', async () => {
    expect(await rawHttp(rig.port, `GET ${at()} HTTP/1.1\r\nhost: loc`)).toContain('408')
  })

  it('that open a connection ahead of need may use it later', async () => {
    const socket = await rawSocket(rig.port)
    await sleep(3 * headMs)
    const answer = once(socket.setEncoding('utf8'), 'data')
    socket.write(`GET ${at()} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    expect(String((await within(10_000, 'an answer', answer))[0])).toContain('HTTP/1.1 200')
    socket.destroy()
  })

  it('that hold a connection in store do not hold up the end', async () => {
    const own = await openPortRig({ [idA]: `http://127.0.0.1:${box.port}` }, { limits: { closing: 30_000 } })
    const stored = await rawSocket(own.port)
    const ended = once(stored.resume(), 'close')
    await within(10_000, 'the end', own.close())
    await ended
  })

  it('that never end their body are let go, and their sandbox is left', async () => {
    const text = await rawHttp(rig.port, `POST ${at()} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nhalf`)
    expect(text).toContain('"TIMEOUT"')
    expect(rig.did.filter((it) => it !== 'touch')).toEqual(['entered', 'left'])
  })

  it('that are not let in do not get to send', async () => {
    const text = await within(
      5000,
      'the answer',
      rawHttp(rig.port, `POST /s/${idA}.${'0'.repeat(32)}/ HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000000\r\n\r\nhalf`),
    )
    expect(text).toContain('"SANDBOX_NOT_FOUND"')
  })

  it('that do not read hold up the sandbox, not memory', async () => {
    let written = 0
    behave = (_request, response) => {
      const piece = Buffer.alloc(65_536)
      const more = (): void => {
        for (let goesOn = true; goesOn && written < 400_000_000; written += piece.length) goesOn = response.write(piece)
      }
      response.on('drain', more).on('error', () => undefined)
      more()
    }
    const socket = connect(rig.port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined).pause()
    socket.write(`GET ${at()} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    let last = -1
    await eventually(
      'the sandbox stands still',
      () => {
        const still = written > 0 && written === last
        last = written
        return still
      },
      { every: 500 },
    )
    expect(written).toBeLessThan(40_000_000)
  })
})

describe('a WebSocket', () => {
  const shake = (extra = '', path = at('/ws'), host = 'localhost') =>
    `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\nsec-websocket-extensions: permessage-deflate\r\n${extra}\r\n`

  async function open(text: string): Promise<{ socket: Socket; answer: string }> {
    const socket = await rawSocket(rig.port)
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.write(text)
    const [answer] = (await within(5000, 'an answer', once(socket, 'data'))) as [Buffer]
    return { socket, answer: answer.toString() }
  }

  it('is passed on with the key, without extensions, and then byte for byte', async () => {
    const { socket, answer } = await open(shake(`authorization: Bearer ${testToken}\r\n`))
    expect(answer).toMatch(/^HTTP\/1.1 101 [^]*sec-websocket-accept: x/i)
    const request = box.heard.at(-1)
    expect(request?.headers).toMatchObject({ 'x-aio-api-key': sandboxKeyOfTest, 'sec-websocket-version': '13' })
    expect(request?.headers).not.toHaveProperty('sec-websocket-extensions')
    expect(request?.headers).not.toHaveProperty('authorization')
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, n) => n % 251))
    const back: Buffer[] = []
    socket.on('data', (part: Buffer) => void back.push(part))
    socket.write(bytes)
    await eventually('all came back', () => Buffer.concat(back).equals(bytes))
  })

  it('counts by what its client means to send, not by what it answers by itself', async () => {
    const frame = (opcode: number, text: string) => {
      const mask = [1, 2, 3, 4]
      return Buffer.from([0x80 | opcode, 0x80 | text.length, ...mask, ...Buffer.from(text).map((byte, n) => byte ^ (mask[n % 4] ?? 0))])
    }
    const { socket } = await open(shake())
    rig.did.length = 0
    let back = 0
    socket.on('data', (part: Buffer) => void (back += part.length))
    const quiet = [frame(10, 'x'), frame(9, ''), frame(1, '{"type":"pong","data":{"timestamp":1}}')]
    for (const one of quiet) for (const byte of one) socket.write(Buffer.from([byte]))
    await eventually('it was passed on', () => back === Buffer.concat(quiet).length)
    expect(rig.did).toEqual([])
    socket.write(frame(1, '{"type":"input","data":"ls"}'))
    await eventually('it counts', () => rig.did.includes('touch'))
  })

  it('is refused to a page of elsewhere, to no page at all, and to a sibling', async () => {
    const host = `${idA}.localhost:1`
    const cookie = `cookie: ${rig.cookie(idA)}\r\n`
    expect((await open(shake(`${cookie}origin: http://${host}\r\n`, '/ws', host))).answer).toMatch(/^HTTP\/1.1 101/)
    const before = box.heard.length
    for (const origin of [
      'origin: http://evil.example\r\n',
      `origin: http://${'b'.repeat(16)}.localhost:1\r\n`,
      'origin: http://127.0.0.1:7878\r\n',
      'origin: null\r\n',
      '',
    ]) {
      expect((await open(shake(cookie + origin, '/ws', host))).answer, origin).toMatch(/^HTTP\/1.1 403/)
    }
    expect((await open(shake(`origin: http://${host}\r\n`, '/ws', host))).answer).toMatch(/^HTTP\/1.1 403/)
    expect((await open(shake('origin: http://evil.example\r\n'))).answer).toMatch(/^HTTP\/1.1 403/)
    expect((await open(shake('', `/s/${idA}.${'0'.repeat(32)}/ws`))).answer).toMatch(/^HTTP\/1.1 404/)
    expect((await open(shake('sec-fetch-mode: websocket\r\nsec-fetch-dest: websocket\r\n'))).answer).toMatch(/^HTTP\/1.1 403/)
    expect(box.heard).toHaveLength(before)
    // What Node's own WebSocket sends.
    expect((await open(shake('sec-fetch-mode: websocket\r\n'))).answer).toMatch(/^HTTP\/1.1 101/)
  })

  it('that the sandbox refuses is refused with its own words', async () => {
    upgrade = (_request, socket) => void socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 4\r\n\r\nnope')
    const { socket, answer } = await open(shake())
    expect(answer).toMatch(/^HTTP\/1.1 401 /)
    if (!answer.endsWith('nope')) expect(String(((await once(socket, 'data')) as [Buffer])[0])).toBe('nope')
    await within(5000, 'the end', once(socket, 'close'))
  })

  it('ends when either side does, and when the sandbox does, and when the address does', async () => {
    for (const end of [
      () => void box.heard.at(-1)?.socket.destroy(),
      () => void box.heard.at(-1)?.socket.end(),
      () => rig.lose(idA),
      () => rig.sandboxPort.cut(idA),
    ]) {
      const { socket } = await open(shake())
      const closed = once(socket, 'close')
      end()
      await within(8000, 'the end', closed)
    }
    const { socket } = await open(shake())
    const inside = box.heard.at(-1)?.socket
    socket.destroy()
    await eventually('the program sees it', () => inside?.destroyed)
    await eventually('all are left', () => rig.did.filter((it) => it === 'left').length === rig.did.filter((it) => it === 'entered').length)
  })

  it('is the only upgrade: what else is offered is answered without', async () => {
    const { text } = await ask('upgrade: h2c\r\nhttp2-settings: x\r\nconnection: upgrade, http2-settings\r\n')
    expect(text).toMatch(/^HTTP\/1.1 200/)
    expect(text).not.toMatch(/"upgrade"|http2-settings/i)
  })
})

describe('closing', () => {
  it('ends what is under way and takes no more', async () => {
    const own = await openPortRig({ [idA]: `http://127.0.0.1:${box.port}` }, { limits: { closing: 200 }, listen: ['127.0.0.3'] })
    behave = (_request, response) => void response.writeHead(200).write('x')
    const stream = await fetch(own.url(idA))
    const other = connect(own.port, '127.0.0.3')
    sockets.push(other)
    await once(other, 'connect')
    await within(5000, 'the close', own.close())
    await expect(stream.text()).rejects.toThrow()
    await expect(fetch(own.url(idA))).rejects.toThrow()
    expect(own.did.filter((it) => it === 'left')).toHaveLength(1)
  })
})
