import { connect } from 'node:net'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alive, startSandboxServer, until } from './support.ts'
import type { Running } from './support.ts'

const key = 'e2b_0123456789abcdef'

/** Sends bytes as they are, `half` closing after them, and gives back all that comes until the server closes. */
async function raw(port: number, text: string, half = false): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => socket.destroy())
  let answer = ''
  socket.on('data', (chunk) => {
    answer += String(chunk)
  })
  if (half) socket.end(text)
  else socket.write(text)
  await new Promise((resolve) => socket.once('close', resolve))
  return answer
}

describe('the context and the rest', () => {
  let server: Running
  beforeAll(async () => {
    server = await startSandboxServer({ TZ: 'Asia/Tokyo', SOME: 'thing' })
  })
  afterAll(() => server.close())

  test('GET /v1/sandbox has every field that the SDK wants', async () => {
    const { status, body } = await server.get('/v1/sandbox')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      success: true,
      data: expect.any(String),
      hint: null,
      home_dir: server.home,
      workspace: server.home,
      version: '1.9.4-lite.9.9.9',
      detail: {
        system: {
          os: 'Linux',
          os_version: expect.any(String),
          arch: expect.any(String),
          user: expect.any(String),
          home_dir: server.home,
          timezone: 'Asia/Tokyo',
          occupied_ports: [String(server.port)],
        },
        runtime: { python: expect.any(Array), nodejs: expect.any(Array) },
        utils: [],
      },
    })
  })

  test('healthz tells what runs and for how long nobody has worked here', async () => {
    const before = (await server.get('/healthz')).body
    expect(before).toMatchObject({
      status: 'ok',
      version: '9.9.9',
      running: 0,
      sessions: expect.any(Number),
      pid: server.process.pid,
      instance: expect.any(String),
      uptime_seconds: expect.any(Number),
    })
    const started = await server.post('/v1/bash/exec', { command: 'sleep 60', async_mode: true })
    expect((await server.get('/healthz')).body['running']).toBe(1)
    await server.post('/v1/bash/kill', { session_id: started.body.data['session_id'] })
    await until(async () => (await server.get('/healthz')).body['running'] === 0)
    await new Promise((resolve) => setTimeout(resolve, 500))
    for (const path of [
      '/v1/sandbox',
      '/healthz',
      '/v1/shell/sessions',
      '/v1/bash/sessions',
      '/v1/shell/sessions/stats',
      '/v1/openapi.json',
      '/v1/sandbox/observe/live',
    ])
      await server.get(path)
    expect((await server.get('/healthz')).body['idle_seconds']).toBeGreaterThan(0.4)
    const since = performance.now()
    await server.post('/v1/file/list', { path: '/tmp' })
    const idle = Number((await server.get('/healthz')).body['idle_seconds'])
    expect(idle).toBeLessThanOrEqual((performance.now() - since) / 1000)
  })

  test('commands do not see what is the server own, and see the rest', async () => {
    const { body } = await server.post('/v1/bash/exec', { command: 'env' })
    expect(String(body.data['stdout'])).toContain('SOME=thing')
    expect(String(body.data['stdout'])).toContain('TZ=Asia/Tokyo')
    expect(String(body.data['stdout'])).not.toMatch(/SANDBOX_API_KEY|BERTH_|PUBLIC_PORT/)
  })

  test('code runs without a session', async () => {
    const { body } = await server.post('/v1/code/execute', { language: 'javascript', code: 'console.log(6 * 7)' })
    expect(body.data).toMatchObject({
      language: 'javascript',
      status: 'ok',
      stdout: '42\n',
      exit_code: 0,
      outputs: [{ output_type: 'stream', name: 'stdout', text: '42\n' }],
    })
    expect((await server.post('/v1/code/execute', { language: 'javascript', code: 'throw new Error("x")' })).body.data).toMatchObject({
      status: 'error',
      exit_code: 1,
      traceback: expect.stringContaining('Error: x'),
    })
    expect((await server.post('/v1/code/execute', { language: 'javascript', code: 'setInterval(() => 0, 9)', timeout: 1 })).body.data).toMatchObject({
      status: 'timeout',
    })
    expect((await server.post('/v1/code/execute', { language: 'cobol', code: '' })).status).toBe(422)
  })

  test('small answers', async () => {
    expect((await server.get('/v1/mcp/servers')).body).toEqual({ success: true, message: 'Operation successful', data: [], hint: null })
    expect((await server.post('/tickets', {})).body).toEqual({ ticket: expect.any(String), expires_in: 30 })
    expect((await server.get('/v1/sandbox/observe/live?top_rows=2')).body.data).toMatchObject({
      captured_at: expect.any(String),
      mode: 'off',
      top_processes: [{ pid: expect.any(Number) }, {}],
    })
    const { paths } = (await server.get('/v1/openapi.json')).body as unknown as { paths: Record<string, object> }
    for (const path of ['/v1/bash/exec', '/v1/shell/exec', '/v1/file/read', '/v1/shell/sessions/{session_id}']) expect(paths).toHaveProperty([path])
  })

  test.each(['/v1/browser/info', '/v1/jupyter/info', '/nowhere', '/v1/bash/exec', '/v1/shell/sessions/%zz'])('GET %s is not available', async (path) => {
    expect(await server.get(path)).toEqual({ status: 404, body: { success: false, message: 'Not available in this sandbox image', data: null, hint: null } })
  })

  test('bodies that are no JSON, no object, or too large', async () => {
    const send = async (body: string) => await fetch(`${server.url}/v1/bash/exec`, { method: 'POST', body })
    for (const body of ['{', '[]', '"x"', 'null', '']) {
      const response = await send(body)
      expect(response.status).toBe(422)
      expect(Array.isArray(((await response.json()) as { detail: unknown }).detail)).toBe(true)
    }
    const large = await raw(server.port, 'POST /v1/bash/exec HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 99999999\r\n\r\n')
    expect(large).toMatch(/^HTTP\/1.1 413 /)
  })

  test('a connection is kept longer than clients keep theirs', async () => {
    expect((await fetch(`${server.url}/v1/sandbox`)).headers.get('keep-alive')).toMatch(/timeout=(8\d|9\d|\d{3,})/)
  })

  test('survives what should not be sent', { timeout: 180_000 }, async () => {
    const odd = [
      'GET /v1/sandbox HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
      'POST /v1/bash/exec HTTP/1.1\r\nHost: a\r\nTrailer: X-A\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n12\r\n{"command":"true"}\r\n0\r\nX-A: b\r\n\r\n',
      'GET // HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      'GET http://[ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      'GET /?%%% HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      'POST /v1/bash/exec HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{"comm',
      '\0\0\0',
      'HELO\r\n\r\n',
      `GET /${'a'.repeat(40_000)} HTTP/1.1\r\n\r\n`,
      'GET /v1/shell/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    ]
    for (const text of odd.slice(0, 2)) expect(await raw(server.port, text)).toMatch(/^HTTP\/1.1 200 /)
    for (let round = 0; round < 100; round += 1) await Promise.all(odd.flatMap((text) => Array.from({ length: 9 }, () => raw(server.port, text, true))))
    expect((await server.post('/v1/bash/exec', { command: 'echo alive' })).body.data['stdout']).toBe('alive\n')
    expect((await server.get('/healthz')).body).toMatchObject({ faults: 0, pid: server.process.pid })
  })

  test('leaves no zombie of its own', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, index) => server.post('/v1/bash/exec', { command: `sleep 0.0${index}` })))
    await server.post('/v1/shell/exec', { command: 'exit 1' })
    await until(async () => {
      const children = (await readFile(`/proc/${server.process.pid}/task/${server.process.pid}/children`, 'utf8'))
        .trim()
        .split(' ')
        .filter((each) => each !== '')
      const states = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')))
      return !states.some((each) => / Z /.test(each))
    })
  })
})

describe('with a key', () => {
  let server: Running
  beforeAll(async () => {
    server = await startSandboxServer({ SANDBOX_API_KEY: key }, { 'X-AIO-API-Key': key })
  })
  afterAll(() => server.close())

  test.each<[string, Record<string, string>, number]>([
    ['', {}, 401],
    ['', { 'X-AIO-API-Key': 'wrong' }, 401],
    ['', { Authorization: `Basic ${key}` }, 401],
    [`?api_key=${key}x`, {}, 401],
    ['', { 'X-AIO-API-Key': key }, 200],
    ['', { Authorization: `Bearer ${key}` }, 200],
    [`?api_key=${key}`, {}, 200],
  ])('%s %j is %i', async (query, headers, status) => {
    const response = await fetch(`${server.url}/v1/sandbox${query}`, { headers })
    expect(response.status).toBe(status)
    if (status === 401) expect(await response.json()).toEqual({ success: false, message: 'Unauthorized', data: null, hint: null })
    else await response.arrayBuffer()
  })

  test('the open healthz says that it lives, and nothing more; the terminal wants the key too', async () => {
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'ok' })
    expect((await server.get('/healthz')).body).toHaveProperty('running')
    const refused = new WebSocket(`${server.url.replace('http', 'ws')}/v1/shell/ws`)
    await new Promise((resolve) => refused.addEventListener('error', resolve))
    const { ticket } = (await server.post('/tickets', {})).body as unknown as { ticket: string }
    const open = new WebSocket(`${server.url.replace('http', 'ws')}/v1/shell/ws?ticket=${ticket}`)
    await new Promise((resolve, reject) => {
      open.addEventListener('open', resolve)
      open.addEventListener('error', reject)
    })
    open.close()
    expect(String((await server.post('/v1/bash/exec', { command: 'env' })).body.data['stdout'])).not.toContain(key)
  })
})

describe('start and end', () => {
  test('its stop signal ends every session, what ignores it too, within two seconds of its own; the usual signals do not', async () => {
    const server = await startSandboxServer()
    const started = await server.post('/v1/bash/exec', {
      command: "trap '' TERM HUP; echo $$; sleep 300 & echo $!; while :; do sleep 1; done",
      async_mode: true,
    })
    await server.post('/v1/shell/exec', { command: 'sleep 300', async_mode: true })
    await until(
      async () => String((await server.post('/v1/bash/output', { session_id: started.body.data['session_id'] })).body.data['stdout']).split('\n').length === 3,
    )
    const pids = String((await server.post('/v1/bash/output', { session_id: started.body.data['session_id'] })).body.data['stdout'])
      .trim()
      .split('\n')
      .map(Number)
    expect(pids.every(alive)).toBe(true)
    const ended = new Promise<number | null>((resolve) => server.process.once('exit', resolve))
    for (const usual of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) server.process.kill(usual)
    expect((await server.get('/healthz')).status).toBe(200)
    await server.close()
    expect(await ended).toBe(0)
    await until(() => !pids.some(alive))
  })

  test('a port that is taken is an error at start', async () => {
    const first = await startSandboxServer()
    await expect(startSandboxServer({ PUBLIC_PORT: String(first.port) })).rejects.toThrow(/ended before it listened/)
    await first.close()
  })

  test('what is set for commands reaches them alone, and may name what it replaces', async () => {
    const server = await startSandboxServer({
      BERTH_ENV_NODE_OPTIONS: '--require /nowhere/register.js',
      BERTH_ENV_PUBLIC_PORT: '9000',
      BERTH_ENV_BERTH_LISTEN: '192.0.2.1',
      BERTH_ENV_PATH: '/opt/venv/bin:$PATH',
      BERTH_ENV_MAX_SHELL_SESSIONS: 'many',
    })
    const seen = async (command: string) => String((await server.post('/v1/bash/exec', { command })).body.data['stdout'])
    expect(await seen('echo $NODE_OPTIONS $PUBLIC_PORT $BERTH_LISTEN')).toBe('--require /nowhere/register.js 9000 192.0.2.1\n')
    expect(await seen('echo $PATH')).toBe(`/opt/venv/bin:${process.env['PATH']}\n`)
    await server.close()
    // One that leaves commands without any program leaves the sandbox alive: they say themselves what they miss.
    const bare = await startSandboxServer({ BERTH_ENV_PATH: '/nowhere' })
    expect(String((await bare.post('/v1/bash/exec', { command: 'ls' })).body.data['stderr'])).toContain('ls: command not found')
    await bare.close()
  })

  test('not ready until a command has really run', async () => {
    // Without bash in PATH none can: it lives, it answers, and it never says that it is ready.
    const server = await startSandboxServer({ PATH: '/nowhere' }, {}, false)
    await until(async () => Number((await server.get('/healthz')).body['faults']) > 0)
    expect(await server.get('/v1/sandbox')).toMatchObject({ status: 501, body: { success: false, message: expect.stringContaining('spawn bash ENOENT') } })
    expect((await server.get('/healthz')).body['status']).toBe('starting')
    await server.close()
  })
})
