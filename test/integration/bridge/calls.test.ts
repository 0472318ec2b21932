import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestBridge, type TestBridge, testToken } from '../../support/bridge.ts'
import { rawSocket } from '../../support/raw-http.ts'
import { eventually } from '../../support/wait.ts'

let house: TestBridge
beforeAll(async () => {
  house = await openTestBridge()
})
afterAll(async () => await house.close())

const headers = { authorization: `Bearer ${testToken}`, 'content-type': 'application/json' }

async function post(name: string, input: unknown, accept = 'application/json', signal?: AbortSignal): Promise<Response> {
  return await fetch(`${house.bridge.url}/berth/v1/${name}`, {
    method: 'POST',
    headers: { ...headers, accept },
    body: JSON.stringify(input),
    signal: signal ?? null,
  })
}
const get = async (path: string) => await fetch(house.bridge.url + path, { headers: { authorization: headers.authorization } })
const json = async (response: Response | Promise<Response>) => (await (await response).json()) as Record<string, never>

describe('one answer', () => {
  it('acquires, lists, runs, writes, reads and releases', async () => {
    const got = await json(post('acquire', { thread: 'a' }))
    expect(got).toMatchObject({ thread: 'a', status: 'active', holder: 'master', path: 'cold' })
    expect(await json(post('acquire', { thread: 'a' }))).toMatchObject({ id: got['id'], path: 'reuse' })
    expect(await json(get('/berth/v1/list'))).toMatchObject({ replicas: 3, sandboxes: [{ thread: 'a' }] })
    expect(await json(get('/berth/v1/list?status=failed'))).toMatchObject({ sandboxes: [] })
    expect(await json(get('/berth/v1/get?thread=a'))).toMatchObject({ id: got['id'] })
    expect(await json(post('exec', { thread: 'a', command: 'say hi' }))).toMatchObject({ exit_code: 0, stdout: 'say hi\n' })
    expect(await json(post('write', { thread: 'a', path: '/w/x', content: 'häß' }))).toMatchObject({ size: 5 })
    expect(await json(get('/berth/v1/read?thread=a&path=/w/x'))).toMatchObject({ content: 'häß', size: 5 })
    expect(await json(get('/berth/v1/read?thread=a&path=/w/x&encoding=base64'))).toMatchObject({ content: Buffer.from('häß').toString('base64') })
    expect(await json(get('/berth/v1/files?thread=a&path=/w&recursive=true'))).toMatchObject({ files: [{ name: 'x', size: 5, modified_at: null }] })
    expect(await json(get('/berth/v1/logs?thread=a&tail=2'))).toEqual({ lines: ['line 1', 'line 2'], truncated: false })
    expect(await json(post('release', { thread: 'a' }))).toMatchObject({ released: true, sandbox: { status: 'warm' } })
    expect(await json(post('destroy', { thread: 'a' }))).toEqual({ destroyed: true })
  })

  it('says who did what: the client, and the hold it acted for', async () => {
    await post('acquire', { thread: 'w', holder: 'agent-7' })
    await post('release', { thread: 'w', holder: 'agent-7' })
    expect(house.provider.did).toContain('acquire w by client:master holder:agent-7')
    expect(house.provider.did).toContain('release by client:master holder:agent-7')
    expect(house.provider.did).toContain('destroy by client:master')
  })

  it('quotes an array word by word', async () => {
    await post('acquire', { thread: 'q' })
    const done = await json(post('exec', { thread: 'q', command: ['echo', '$HOME', "it's", '', '-l'] }))
    expect(done).toMatchObject({ stdout: `'echo' '$HOME' 'it'\\''s' '' -l\n` })
  })

  it('gives errors their status, code and next step', async () => {
    const missing = await get('/berth/v1/get?thread=nobody')
    expect(missing.status).toBe(404)
    expect(await missing.json()).toMatchObject({ error: { code: 'SANDBOX_NOT_FOUND', retry: false, next: expect.stringContaining('berth acquire') } })
    expect((await get('/berth/v1/nothing')).status).toBe(404)
    expect(await json(get('/berth/v1/logs?thread=a&thread=b'))).toMatchObject({ error: { code: 'BAD_INPUT' } })
    expect(await json(get('/berth/v1/logs?thread=a&follow=true'))).toMatchObject({ error: { message: 'logs: `follow` needs a stream' } })
    expect(await json(get('/berth/v1/list?status=sleepy'))).toMatchObject({ error: { code: 'BAD_INPUT' } })
    expect(await json(get('/berth/v1/get'))).toMatchObject({ error: { message: 'get: `id`: Give either `id` or `thread`' } })
    expect(await json(post('list', [1]))).toMatchObject({ error: { message: 'list: expected object, received array' } })
  })

  it('answers what nobody foresaw as INTERNAL, and logs it once', async () => {
    const answer = await post('acquire', { thread: 'broken' })
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ error: { code: 'INTERNAL', cause: 'nobody foresaw this' } })
    expect(house.logged.filter((line) => line.includes('nobody foresaw this'))).toHaveLength(1)
  })

  it('does not garble bytes that are no text, in or out', async () => {
    await post('acquire', { thread: 'b' })
    const bytes = Buffer.from([0xff, 0x00, 0xfe])
    await post('write', { thread: 'b', path: '/w/bytes', content: bytes.toString('base64'), encoding: 'base64' })
    expect(await json(get('/berth/v1/read?thread=b&path=/w/bytes&encoding=base64'))).toMatchObject({ content: bytes.toString('base64'), size: 3 })
    expect(await json(get('/berth/v1/read?thread=b&path=/w/bytes'))).toMatchObject({ error: { code: 'FILE_FAILED' } })
    const half = await json(post('write', { thread: 'b', path: '/w/bytes', content: '/w=', encoding: 'base64' }))
    expect(half).toMatchObject({ error: { code: 'BAD_INPUT' } })
  })

  it("ends an acquire's wait by its timeout", async () => {
    expect(await json(post('acquire', { thread: 'slow', timeout: 0.05 }))).toMatchObject({ error: { code: 'TIMEOUT', retry: true } })
  })

  it("asks for a thread's name before its files go, and for its sandbox to be gone", async () => {
    expect(await json(post('forget', { thread: 'f', confirm: 'g' }))).toMatchObject({ error: { code: 'BAD_INPUT' } })
    await post('acquire', { thread: 'f' })
    const used = await post('forget', { thread: 'f', confirm: 'f' })
    expect(used.status).toBe(409)
    expect(await used.json()).toMatchObject({ error: { code: 'THREAD_IN_USE' } })
    await post('destroy', { thread: 'f' })
    expect(house.forgotten).toEqual([])
    expect(await json(post('forget', { thread: 'f', confirm: 'f' }))).toEqual({ deleted: true, bytes: 2048 })
    expect(house.forgotten).toEqual(['default/f by client:master'])
  })
})

describe('streams', () => {
  it('sends lines of JSON', async () => {
    await post('acquire', { thread: 's' })
    const answer = await post('exec', { thread: 's', command: 'fail 3' }, 'application/x-ndjson')
    expect(answer.headers.get('content-type')).toContain('application/x-ndjson')
    const lines = (await answer.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    expect(lines).toEqual([
      { chunk: { type: 'stderr', data: 'failing\n' } },
      { result: { exit_code: 3, status: 'completed', stdout: '', stderr: '', truncated: false } },
    ])
  })

  it.each(['application/x-ndjson', 'text/event-stream'])('%s: no line is longer than 512 KiB, nothing is sent twice', async (accept) => {
    const answer = await (await post('exec', { thread: 's', command: 'flood 1500000', max_output: 16_777_216 }, accept)).text()
    const lines = answer.split('\n').filter((line) => line !== '')
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThan(512 * 1024)
    expect(answer.match(/\\u0001/g)).toHaveLength(1_500_000)
    const frames = lines.filter((line) => !line.startsWith('event: ')).map((line) => JSON.parse(line.replace(/^data: /, '')) as Record<string, unknown>)
    const last = frames.at(-1)
    expect(last?.['result'] ?? last).toEqual({ exit_code: 0, status: 'completed', stdout: '', stderr: '', truncated: false })
    const repeated = await (await post('exec', { thread: 's', command: 'fail 3', repeat_output: true }, 'application/x-ndjson')).text()
    expect(JSON.parse(repeated.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ result: { stderr: 'failing\n' } })
  })

  it('sends server-sent events', async () => {
    const text = await (await post('acquire', { thread: 's' }, 'text/event-stream')).text()
    expect(text).toMatch(/^event: chunk\ndata: \{"type":"progress".*\}\n\nevent: result\ndata: \{.*"path":"reuse".*\}\n\n$/)
  })

  it('keeps the HTTP status of an error before the first chunk, and tells a later one in the stream', async () => {
    expect((await post('exec', { thread: 'nobody', command: 'x' }, 'application/x-ndjson')).status).toBe(404)
    const late = await (await post('acquire', { thread: 'slow', timeout: 0.05 }, 'application/x-ndjson')).text()
    expect(JSON.parse(late.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ error: { code: 'TIMEOUT' } })
  })

  it.each(['application/x-ndjson', 'text/event-stream', 'application/json'])('%s: a caller that hangs up ends its command', async (accept) => {
    const leaving = new AbortController()
    const before = house.provider.did.length
    const answer = post('exec', { thread: 's', command: 'wait' }, accept, leaving.signal)
    // A stream's body fails instead, which nobody reads here.
    const failed = answer
      .then(
        (it) => it.text(),
        (thrown: unknown) => thrown,
      )
      .catch((thrown: unknown) => thrown)
    await eventually('the command runs', () => house.provider.running() === 1)
    leaving.abort()
    expect(await failed).toBeInstanceOf(Error)
    await eventually('the command is ended', () => house.provider.running() === 0)
    expect(house.provider.did.slice(before)).toEqual(['ended wait'])
  })

  it('gives an anonymous sandbox back whose caller left meanwhile', async () => {
    const leaving = new AbortController()
    const waiting = post('acquire', { holder: 'late' }, 'application/json', leaving.signal).catch(() => 'left')
    await eventually('it is made', () => house.provider.did.includes('acquire null by client:master holder:late'))
    leaving.abort()
    expect(await waiting).toBe('left')
    const mine = () => house.provider.list().sandboxes.find((it) => it.thread === null)
    await eventually('it is given back', () => mine()?.holders.length === 0)
  })

  it('stops the source while its reader reads nothing, and goes on with it', async () => {
    const lines = 20_000
    const socket = await rawSocket(house.bridge.port)
    const body = JSON.stringify({ thread: 's', command: `count ${lines}` })
    socket.pause()
    socket.write(
      `POST /berth/v1/exec HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${testToken}\r\naccept: application/x-ndjson\r\n` +
        `connection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    await eventually('it runs', () => house.provider.running() === 1)
    // 20 MB fit into no socket buffer: as long as nobody reads, the command cannot have ended.
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(house.provider.running()).toBe(1)
    let bytes = 0
    socket.on('data', (part: Buffer) => {
      bytes += part.byteLength
    })
    socket.resume()
    await eventually('it ends', () => house.provider.running() === 0)
    await eventually('all came', () => bytes > lines * 1024)
  })
})

describe('events', () => {
  it('streams them with ids, and goes on after the last one seen', async () => {
    const listening = new AbortController()
    const published = house.events.publish({ type: 'sandbox.active', who: 'client:master', text: 'one' })
    const stream = await fetch(`${house.bridge.url}/berth/v1/events`, {
      headers: { authorization: headers.authorization, 'last-event-id': `instance-1.${published.seq - 1}` },
      signal: listening.signal,
    })
    expect(stream.headers.get('content-type')).toContain('text/event-stream')
    house.events.publish({ type: 'sandbox.warm', who: 'client:master', text: 'two' })
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('"two"')) text += (await reader?.read())?.value ?? ''
    expect(text).toMatch(
      new RegExp(
        `^id: instance-1\\.${published.seq - 1}\nevent: hello\ndata: .*"instance-1".*\n\n` +
          `id: instance-1\\.${published.seq}\ndata: .*"one".*\n\nid: instance-1\\.${published.seq + 1}\ndata: .*"two".*\n\n$`,
      ),
    )
    listening.abort()
  })

  it('tells all of this instance to who comes from another, and how many are lost', async () => {
    for (let at = 0; at < 1100; at++) house.events.publish({ type: 'berth.problem', who: 'berth:test', text: String(at) })
    const listening = new AbortController()
    const stream = await fetch(`${house.bridge.url}/berth/v1/events`, {
      headers: { authorization: headers.authorization, 'last-event-id': 'instance-0.500000' },
      signal: listening.signal,
    })
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('"1099"')) text += (await reader?.read())?.value ?? ''
    listening.abort()
    const lost = house.events.last() - 1000
    expect(text).toContain(`event: dropped\ndata: {"dropped":${lost}}`)
    expect(text.match(/^id: /gm)).toHaveLength(1001)
  })

  it('is a call as well, followed or not', async () => {
    const recent = await json(fetch(`${house.bridge.url}/berth/v1/events?limit=2`, { headers: { ...headers, accept: 'application/json' } }))
    expect(recent['events']).toHaveLength(2)
    const leaving = new AbortController()
    const followed = await post('events', { follow: true, limit: 1 }, 'application/x-ndjson', leaving.signal)
    const reader = followed.body?.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader?.read())?.value).toContain('"chunk"')
    leaving.abort()
  })

  it('shows that it is there while nothing happens', async () => {
    const quick = await openTestBridge({ limits: { heartbeat: 30 } })
    const listening = new AbortController()
    const stream = await fetch(`${quick.bridge.url}/berth/v1/events`, { headers, signal: listening.signal })
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!/(: still here\n\n){2}/.test(text)) text += (await reader?.read())?.value ?? ''
    // Closing ends the stream in order: its reader sees an end, no error.
    await quick.close()
    for (let more = await reader?.read(); more && !more.done; more = await reader?.read());
    listening.abort()
  })
})

describe('closing', () => {
  it('ends what is under way with SHUTTING_DOWN, and its answer still comes', async () => {
    const closing = await openTestBridge()
    const call = fetch(`${closing.bridge.url}/berth/v1/acquire`, { method: 'POST', headers, body: '{"thread":"slow"}' })
    await eventually('it waits', () => closing.provider.did.length === 1)
    await Promise.all([closing.bridge.close(), closing.bridge.close()])
    expect(await json(call)).toMatchObject({ error: { code: 'SHUTTING_DOWN' } })
    await expect(fetch(`${closing.bridge.url}/health`)).rejects.toThrow()
  })

  it('lets the answer of a shutdown out', async () => {
    const closing = await openTestBridge()
    const done = await json(fetch(`${closing.bridge.url}/berth/v1/shutdown`, { method: 'POST', headers, body: '{}' }))
    expect(done).toEqual({ destroyed: [], failed: [] })
    expect(closing.stopped).toEqual(['client:master'])
    await closing.close()
  })
})
