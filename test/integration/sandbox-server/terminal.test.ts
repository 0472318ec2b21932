import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findProgram, pathOf, startSandboxServer, until } from './support.ts'
import type { Running } from './support.ts'

let server: Running
beforeAll(async () => {
  server = await startSandboxServer()
})
afterAll(() => server.close())

/** A client of the terminal protocol; `seen` is all output so far. */
async function terminal(
  query = '',
  at = server,
): Promise<{ socket: WebSocket; id: string; seen: () => string; send: (message: unknown) => void; closed: Promise<void> }> {
  const socket = new WebSocket(`${at.url.replace('http', 'ws')}/v1/shell/ws${query}`)
  let output = ''
  let id = ''
  let ready = false
  socket.addEventListener('message', (event) => {
    const message = JSON.parse(String(event.data)) as { type: string; data: string }
    if (message.type === 'output') output += message.data
    if (message.type === 'session_id') id = message.data
    if (message.type === 'ready') ready = true
  })
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()))
  await until(() => ready)
  return { socket, id, seen: () => output, send: (message) => socket.send(JSON.stringify(message)), closed }
}

const type = (data: string) => ({ type: 'input', data })

describe('WS /v1/shell/ws', () => {
  test('a real terminal with the size that was set, told to what runs in it', async () => {
    const one = await terminal()
    expect(one.id).not.toBe('')
    one.send({ type: 'resize', data: { cols: 123, rows: 45 } })
    one.send(type('tty; until [ "$(stty size)" = "45 123" ]; do sleep 0.1; done; echo size-$((1+1))\n'))
    await until(() => /\/dev\/pts\/\d+/.test(one.seen()) && one.seen().includes('size-2'))
    one.send(type('bash -c \'trap "echo winch-\\$((2+1))" WINCH; echo set-$((5+1)); while :; do sleep 0.1; done\'\n'))
    await until(() => one.seen().includes('set-6'))
    one.send({ type: 'resize', data: { cols: 99, rows: 20 } })
    await until(() => one.seen().includes('winch-3'))
    one.send(type('\u0003'))
    one.send(type('echo after-$((3+1)) ü\n'))
    await until(() => one.seen().includes('after-4 ü'))
    one.send(type('exit\n'))
    await one.closed
  })

  test('of sizes that come before its shell is there the last one holds, before anything that is typed', async () => {
    // A machine that is slow to start the shell.
    const programs = await mkdtemp(join(tmpdir(), 'berth-slow-'))
    const script = findProgram('script') ?? 'script'
    await writeFile(join(programs, 'script'), `#!/bin/sh\nsleep 1\nexec ${script} "$@"\n`, { mode: 0o755 })
    const slow = await startSandboxServer({ PATH: `${programs}:${process.env['PATH'] ?? ''}` })
    try {
      const one = await terminal('', slow)
      for (let cols = 100; cols < 130; cols += 1) one.send({ type: 'resize', data: { cols, rows: 40 } })
      one.send(type('stty size; echo done-$((1+1))\n'))
      await until(() => one.seen().includes('done-2'))
      expect(one.seen()).toContain('40 129\r\n')
      one.send(type('exit\n'))
      await one.closed
    } finally {
      await slow.close()
      await rm(programs, { recursive: true })
    }
  })

  test('where no size can be set, what is typed comes through, and waits for none but the first', async () => {
    const path = await pathOf(['bash', 'sh', 'script', 'cat'])
    const bare = await startSandboxServer({ PATH: path })
    try {
      const one = await terminal('', bare)
      const answered = async (number: number): Promise<number> => {
        const began = performance.now()
        one.send({ type: 'resize', data: { cols: 100, rows: 40 } })
        one.send(type(`echo n-$((${number}))-n\n`))
        await until(() => one.seen().includes(`n-${number}-n`))
        return performance.now() - began
      }
      const first = await answered(1)
      expect(await answered(2)).toBeLessThan(first / 2)
      one.send(type('exit\n'))
      await one.closed
    } finally {
      await bare.close()
      await rm(path, { recursive: true })
    }
  })

  test('the session is listed, seen again by who comes back, and ended by DELETE', async () => {
    const one = await terminal()
    one.send(type('echo first-$((1+1))\n'))
    await until(() => one.seen().includes('first-2'))
    one.socket.close()
    await one.closed
    expect(JSON.stringify((await server.get('/v1/shell/sessions')).body)).toContain(one.id)
    const again = await terminal(`?session_id=${one.id}`)
    expect(again.id).toBe(one.id)
    await until(() => again.seen().includes('first-2'))
    await server.del(`/v1/shell/sessions/${one.id}`)
    await again.closed
    const fresh = await terminal(`?session_id=${one.id}`)
    expect(fresh.id).not.toBe(one.id)
    fresh.socket.close()
  })

  test('a session of commands can be watched and typed into', async () => {
    await server.post('/v1/shell/sessions/create', { id: 'watched' })
    await server.post('/v1/shell/exec', { id: 'watched', command: 'read a; echo got $a', async_mode: true })
    const one = await terminal('?session_id=watched')
    await until(async () => (await server.post('/v1/shell/view', { id: 'watched' })).body.data['status'] === 'running')
    one.send(type('hello\n'))
    await until(() => one.seen().includes('got hello\r\n'))
    one.socket.close()
  })

  test('a flood is passed on whole, and garbage changes nothing', async () => {
    const one = await terminal()
    one.socket.send('no json')
    one.send({ type: 'resize', data: { cols: -1, rows: 'x' } })
    one.send({ type: 'pong', data: { timestamp: 1 } })
    one.send(type('seq 1 300000 | tail -n +1; echo flood-$((4+1))\n'))
    await until(() => one.seen().includes('flood-5'), 60_000)
    expect(one.seen()).toContain('\n150000\r\n')
    one.socket.close()
  })

  test('what is no WebSocket, or too big, is refused', async () => {
    expect((await fetch(`${server.url}/v1/shell/ws`)).status).toBe(404)
    const wrong = new WebSocket(`${server.url.replace('http', 'ws')}/v1/elsewhere`)
    await new Promise((resolve) => wrong.addEventListener('close', resolve))
    const one = await terminal()
    one.send(type('x'.repeat(2_000_000)))
    await one.closed
    expect((await server.get('/healthz')).body['faults']).toBe(0)
  })
})

/** Bytes of a client's short frame, masked with zeros where it is as it must be. */
const frame = (first: number, body: string, masked = true): Buffer => {
  const head = Buffer.from([first, (masked ? 0x80 : 0) | body.length, ...(masked ? [0, 0, 0, 0] : [])])
  return Buffer.concat([head, Buffer.from(body)])
}
/** A client that sends what it likes: what came back, until it matches or the server has closed. */
const raw = async (sent: readonly (string | Buffer)[], wanted?: string): Promise<string> => {
  const socket = connect(server.port, '127.0.0.1')
  let seen = ''
  let closed = false
  socket.on('data', (chunk) => {
    seen += chunk.toString('latin1')
  })
  socket.on('close', () => {
    closed = true
  })
  for (const each of sent) socket.write(each)
  await until(() => closed || (wanted !== undefined && seen.includes(wanted)))
  socket.destroy()
  return seen
}
const hello = (more = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: tty\r\n', method = 'GET'): string =>
  `${method} /v1/shell/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`

describe('frames as they come', () => {
  test.each([
    ['not masked', frame(0x81, '{}', false), '\u0088\u0002\u0003\u00ea'],
    ['of an extension that nobody agreed on', frame(0xc1, '{}'), '\u0088\u0002\u0003\u00ea'],
    ['that says it is larger than any', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0]), '\u0088\u0002\u0003\u00f1'],
  ])('one %s ends the connection with its code', async (_name, bytes, code) => {
    expect(await raw([hello(), bytes], code)).toContain(code)
  })

  test('pieces are one message, whatever comes between them; a ping is answered, and no protocol agreed on', async () => {
    const typed = JSON.stringify({ type: 'input', data: 'echo piece-$((1+1))\n' })
    const bytes = Buffer.concat([frame(0x01, typed.slice(0, 9)), frame(0x89, 'are you there'), frame(0x80, typed.slice(9))])
    const seen = await raw([hello(), ...[...bytes].map((each) => Buffer.from([each]))], 'piece-2')
    expect(seen).toContain('\u008a\u000dare you there')
    expect(seen).toContain('piece-2')
    expect(seen).not.toContain('Sec-WebSocket-Protocol')
  })

  test.each([
    ['no key', 'Sec-WebSocket-Version: 13\r\n', 'GET'],
    ['another version', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 7\r\n', 'GET'],
    ['another method', undefined, 'POST'],
  ])('a handshake with %s is refused in the form of this API', async (_name, more, method) => {
    const seen = await raw([hello(more, method)])
    expect(seen).toMatch(/^HTTP\/1\.1 400 /)
    expect(JSON.parse(seen.slice(seen.indexOf('\r\n\r\n')))).toEqual({ success: false, message: 'Bad Request', data: null, hint: null })
  })

  test('none of it is a fault of the server', async () => {
    expect((await server.get('/healthz')).body['faults']).toBe(0)
  })
})

describe('the page', () => {
  test('needs nothing from elsewhere', async () => {
    const response = await fetch(`${server.url}/terminal`)
    const page = await response.text()
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page).not.toMatch(/https?:\/\//)
    expect(page).not.toMatch(/<(script|link)[^>]+(src|href)=/)
  })

  test('terminal-url opens a session and gives its address', async () => {
    const { data } = (await server.get('/v1/shell/terminal-url')).body
    expect(String(data)).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${server.port}/terminal\\?session_id=[0-9a-f-]+$`))
    expect((await fetch(String(data))).status).toBe(200)
  })
})
