import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rss } from '../../bench/footprint.ts'
import { testToken } from '../../support/bridge.ts'
import { idA, idB, program, type Program } from '../../support/sandbox-port.ts'
import { type Seeded, seeded } from '../../support/seeded.ts'

const requests = Number(process.env['BERTH_FUZZ_REQUESTS'] ?? 10_000)
const atOnce = 16
const seed = Number(process.env['BERTH_FUZZ_SEED'] ?? 20_261)
/** A request that was never finished is given up after this. */
const patienceMs = 150

let a: Program
let b: Program
let child: ChildProcess
let there: { port: number; pid: number; secrets: [string, string]; cookies: [string, string] }
beforeAll(async () => {
  const own = { [idA]: '', [idB]: '' }
  a = await program((request, response) => {
    request.on('error', () => undefined).resume()
    response.end('a')
  })
  b = await program((request, response) => {
    request.on('error', () => undefined).resume()
    response.end('b')
  })
  own[idA] = `http://127.0.0.1:${a.port}`
  own[idB] = `http://127.0.0.1:${b.port}`
  const entry = fileURLToPath(new URL('../../support/sandbox-port-process.ts', import.meta.url))
  // Otherwise V8 first takes its time to let the young generation grow, which looks like a leak and is none.
  child = spawn(process.execPath, ['--max-semi-space-size=2', entry, JSON.stringify(own)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout ?? process.stdin), 'line')) as [string]
  there = JSON.parse(line) as typeof there
})
afterAll(async () => {
  const ended = once(child, 'exit')
  child.stdin?.end()
  await ended
  await Promise.all([a.close(), b.close()])
})

interface Attempt {
  readonly bytes: Buffer
  readonly mayReachA: boolean
}

/** A request, mostly wrong. `mayReachA`: its own head shows what lets it into the first sandbox. */
function attempt(random: Seeded, n: number): Attempt {
  const [secret] = there.secrets
  const near = random.pick([
    secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0'),
    secret.slice(1),
    secret.toUpperCase(),
    random.hex(32),
    '',
    there.cookies[0].slice(-32),
  ])
  const right = random.chance(0.3)
  const rest = random.pick([
    '/',
    '',
    '/v1/x?y=1',
    '/../../x',
    '//x',
    `/%2e%2e/${idB}`,
    `/..;/s/${idB}/`,
    `/${'a'.repeat(random.int(1, 3000))}`,
    '/%00',
    '/\\..\\x',
    `/?u=http://127.0.0.1:${b.port}`,
    '#x',
  ])
  const target = right
    ? `/s/${idA}.${secret}${rest}`
    : random.pick([
        `/s/${idA}.${near}${rest}`,
        `/s/${idA}${rest}`,
        `/s/${random.hex(16)}.${secret}${rest}`,
        `/s/x/../${idA}.${secret}${rest}`,
        `//s/${idA}.${secret}${rest}`,
        `http://127.0.0.1/s/${idA}.${secret}${rest}`,
        `/.berth/enter?key=${near}`,
        '*',
        `/S/${idA}.${secret}`,
        rest,
        `\t/s/${idA}.${secret}/`,
        '',
      ])
  const method = random.chance(0.9)
    ? random.pick(['GET', 'GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD'])
    : random.pick(['TRACE', 'CONNECT', 'PRI', 'get', 'G\x00T', 'X'.repeat(50)])
  const hosts = random.chance(0.8)
    ? [random.pick(['127.0.0.1', 'localhost:1', '[::1]', `${idA}.localhost`])]
    : random.pick([[`${idB}.localhost`], ['evil.example'], ['127.0.0.1', 'localhost'], [], ['a b']])
  const odd = () =>
    random.pick([
      'content-length: 5',
      'content-length: 5, 5',
      'content-length: -1',
      'content-length: 99999999999999999999',
      'transfer-encoding: chunked',
      'transfer-encoding: chunked, chunked',
      'transfer-encoding: identity',
      'Transfer-Encoding:\tchunked',
      'transfer-encoding : chunked',
      'te: trailers',
      'trailer: content-length',
      'connection: close, content-length, x-aio-api-key',
      'connection: keep-alive',
      'upgrade: websocket',
      'connection: upgrade',
      'upgrade: h2c',
      'expect: 100-continue',
      'expect: something',
      `x-api-key: ${random.hex(40)}`,
      'authorization: Basic !!!',
      `authorization: Bearer ${testToken}x`,
      `cookie: ${there.cookies[0]}; a=b`,
      `cookie: ${there.cookies[1]}`,
      'origin: null',
      'origin: http://evil.example',
      'sec-fetch-site: cross-site',
      'service-worker: script',
      'x-forwarded-host: evil.example',
      'x-aio-api-key: mine',
      'range: bytes=0-1',
      `x-long: ${'y'.repeat(random.int(1, 20_000))}`,
      'x-bad\x01: 1',
      'x-nul: \x00',
      ': empty',
      'x-obs: a\r\n b',
      'sec-websocket-key: x',
      'content-encoding: gzip',
      'max-forwards: 0',
    ])
  const headers = [`x-fuzz: ${n}`, ...hosts.map((host) => `host: ${host}`), ...Array.from({ length: random.pick([0, 0, 1, 1, 2, 3]) }, odd), 'x-last: 1']
  const end = random.chance(0.95) ? '\r\n\r\n' : random.pick(['\n\n', '\r\n', '', '\r\r'])
  const body = random.chance(0.7)
    ? ''
    : random.pick([
        'hello',
        '5\r\nhello\r\n0\r\n\r\n',
        '0\r\n\r\n',
        'ffffffffffffffff\r\n',
        `0\r\n\r\nGET /s/${idB}.${random.hex(32)}/smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n`,
        '\x00'.repeat(100),
      ])
  const text = `${method} ${target} ${random.chance(0.93) ? 'HTTP/1.1' : random.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/9', ''])}\r\n${headers.join('\r\n')}${end}${body}`
  const bytes = Buffer.from(text, 'latin1')
  // Some are hit by a stray byte as well.
  if (random.chance(0.1)) {
    const mark = bytes.indexOf(`x-fuzz: ${n}`)
    const hit = random.int(0, bytes.length - 1)
    // Not the mark by which it is known again.
    if (hit < mark - 2 || hit > mark + 20) bytes[hit] = random.int(0, 255)
  }
  const cookie = headers.includes(`host: ${idA}.localhost`) && text.includes(there.cookies[0])
  return { bytes, mayReachA: bytes.includes(`/s/${idA}.${secret}`) || cookie }
}

function send(bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(there.port, '127.0.0.1')
    let answer = ''
    const end = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(end, patienceMs)
    socket.on('data', (part) => {
      answer += part.toString('latin1')
      end()
    })
    socket.on('close', end)
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNREFUSED' ? reject(error) : end()))
    socket.write(bytes)
  })
}

describe(`${requests} requests of seed ${seed}`, () => {
  it('let nobody in who may not come, break nothing, and leave no memory behind', { timeout: 300_000 }, async () => {
    const random = seeded(seed)
    const entitled = new Set<string>()
    const statuses = new Map<string, number>()
    const weights: number[] = []
    let n = 0
    const worker = async (): Promise<void> => {
      while (n < requests) {
        const number = n++
        if (number % (requests / 10) === 0) weights.push(await rss(there.pid))
        const { bytes, mayReachA } = attempt(random.fork(String(number)), number)
        if (mayReachA) entitled.add(String(number))
        const answer = await send(bytes)
        const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'none'
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    const summary = JSON.stringify({ statuses: Object.fromEntries(statuses), heard: a.heard.length, weights: weights.map(Math.round) })
    expect(child.exitCode, summary).toBeNull()
    // Not all refused, not all let through: the fuzz is about something.
    expect(a.heard.length, summary).toBeGreaterThan(requests / 100)
    expect(a.heard.filter((request) => !entitled.has(String(request.headers['x-fuzz']))).map((request) => [request.url, request.rawHeaders])).toEqual([])
    expect(a.heard.filter((request) => request.url?.includes('smuggled')).map((request) => request.url)).toEqual([])
    expect(b.heard.filter((request) => request.headers['host'] !== `${idB}.localhost`).map((request) => request.rawHeaders)).toEqual([])
    expect(a.heard.filter((request) => request.rawHeaders.join('\n').includes(testToken)).length).toBe(0)
    expect(statuses.get('500'), summary).toBeUndefined()
    const settled = weights[3] ?? 0
    expect((await rss(there.pid)) - settled, summary).toBeLessThan(30)
    // And it still does what it is there for.
    const answer = await send(Buffer.from(`GET /s/${idA}.${there.secrets[0]}/ HTTP/1.1\r\nhost: localhost\r\n\r\n`))
    expect(answer).toMatch(/^HTTP\/1.1 200/)
  })
})
