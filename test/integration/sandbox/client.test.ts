import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../main/base/clock.ts'
import { openSandbox } from '../../../main/sandbox/open-sandbox.ts'
import type { ExecRequest, SandboxApi } from '../../../main/sandbox/sandbox-api.ts'
import { liteServer, type LiteServer } from '../../support/lite-server.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually, within } from '../../support/wait.ts'

const clock = systemClock()
const key = 'k'.repeat(64)
let temp: TempDir
let server: LiteServer
let api: SandboxApi
beforeAll(async () => {
  temp = await tempDir('client')
  server = await liteServer({ key, cwd: temp.path })
  api = openSandbox({ address: { url: server.url, key }, clock })
  await eventually('ready', () => api.probe(1_000).then(() => true))
})
afterAll(async () => {
  await api.close()
  await server.stop()
  await temp.remove()
})

const run = (command: string, more: Partial<ExecRequest> = {}) => api.exec({ command, maxOutput: 100_000, ...more })
async function sessions(): Promise<{ session_id: string; current_command: string | null }[]> {
  const answer = await fetch(`${server.url}/v1/bash/sessions`, { headers: { 'x-aio-api-key': key } })
  return ((await answer.json()) as { data: { session_id: string; current_command: string | null }[] }).data
}
const alive = async (mark: string) => (await run(`pgrep -f '[s]leep ${mark}' || true`)).stdout.trim() !== ''

describe('a command', () => {
  it('gives its streams and exit code, in the directory and with the variables asked for', async () => {
    await mkdir(join(temp.path, 'sub'))
    expect(await run('pwd; echo "$A" >&2; exit 7', { cwd: join(temp.path, 'sub'), env: { A: "it's" } })).toEqual({
      exitCode: 7,
      status: 'completed',
      stdout: `${temp.path}/sub\n`,
      stderr: "it's\n",
      truncated: false,
    })
    expect((await run('pwd')).stdout).toBe(`${temp.path}\n`)
  })

  it('has nothing to read and so ends, streamed or not', async () => {
    expect((await within(20_000, 'cat', run('cat; echo done'))).stdout).toBe('done\n')
    expect((await within(20_000, 'cat', run('cat; echo done', { onOutput: () => undefined }))).stdout).toBe('done\n')
  })

  it('may be megabytes long and full of quotes, streamed or not', async () => {
    const text = '"quoted"\n'.repeat(250_000)
    const command = `cat <<'X' | wc -c\n${text}X`
    expect(await run(command, { maxOutput: 2000 })).toMatchObject({ exitCode: 0, stdout: `${text.length}\n`, truncated: false })
    expect(await run(command, { maxOutput: 2000, onOutput: () => undefined })).toMatchObject({ exitCode: 0, stdout: `${text.length}\n` })
    await expect(run('true', { env: { BIG: 'x'.repeat(131_072) } })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('The environment variable BIG'),
      next: expect.stringContaining('to a file'),
    })
  })

  it('is told that its output was cut, and only then', async () => {
    const long = await run('seq 1 100000', { maxOutput: 2000 })
    expect(long.truncated).toBe(true)
    expect(long.stdout.startsWith('1\n2\n') && long.stdout.endsWith('100000\n')).toBe(true)
    expect((await run('head -c 2000 /dev/zero | tr "\\0" x', { maxOutput: 2000 })).truncated).toBe(false)
    expect((await run('printf "\\377\\376 ä"', { maxOutput: 2000 })).truncated).toBe(false)
  })

  it('is ended by its timeout with all its children', async () => {
    const done = await within(30_000, 'timeout', run('sleep 4711.1 & sleep 4711.1', { timeout: 0.3 }))
    expect(done).toMatchObject({ status: 'timed_out', exitCode: null })
    await eventually('its children are gone', async () => !(await alive('4711.1')))
  })

  it.each([
    ['one answer', undefined],
    ['a stream', () => undefined],
  ])('given up by its caller is ended, as %s', async (_, onOutput) => {
    const stop = new AbortController()
    const doing = run('trap "" TERM; echo up; sleep 4712.2', { signal: stop.signal, onOutput })
    const outcome = doing.then(
      () => 'ended',
      (error: unknown) => error,
    )
    await eventually('it runs', () => alive('4712.2'))
    stop.abort()
    expect(await within(5_000, 'abort', outcome)).toMatchObject({ code: 'CANCELLED' })
    // It ignores the polite signal, so the other one must have come.
    await eventually('it is gone', async () => !(await alive('4712.2')))
    await eventually('its session as well', async () => (await sessions()).every((session) => session.current_command === null))
  })

  it('that cannot start says why', async () => {
    await expect(run('true', { cwd: '/no/such/dir' })).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('/no/such/dir') })
    await expect(run('true\0')).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(run('true', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('runs though the sandbox forgot the session that was to be used again', async () => {
    await run('true')
    for (const session of await sessions()) {
      await fetch(`${server.url}/v1/bash/sessions/${session.session_id}/close`, { method: 'POST', headers: { 'x-aio-api-key': key } })
    }
    expect((await run('echo again >> once; cat once')).stdout).toBe('again\n')
  })

  it('leaves few sessions behind, however many there were, and uses them again', async () => {
    const results = await Promise.all(Array.from({ length: 40 }, (_, n) => run(`echo ${n}`)))
    expect(results.map(({ stdout }) => Number(stdout))).toEqual(Array.from({ length: 40 }, (_, n) => n))
    for (let n = 0; n < 60; n++) await run('true')
    await eventually('sessions are closed', async () => (await sessions()).length <= 8)
  })
})

describe('a stream', () => {
  it('passes output on while the command runs, in order, and keeps both ends of it', async () => {
    const seen: string[] = []
    let firstWhileRunning = false
    const done = await run('echo one; echo err >&2; until [ -e go ]; do sleep 0.02; done; echo two; exit 3', {
      onOutput: async (stream, data) => {
        seen.push(`${stream}:${data}`)
        if (!data.includes('one')) return
        firstWhileRunning = (await sessions()).some((session) => session.current_command !== null)
        await writeFile(join(temp.path, 'go'), '')
      },
    })
    expect(done).toEqual({ exitCode: 3, status: 'completed', stdout: 'one\ntwo\n', stderr: 'err\n', truncated: false })
    expect([firstWhileRunning, seen.includes('stderr:err\n')]).toEqual([true, true])
  })

  it('loses nothing, whole characters only, to a reader that is slow', async () => {
    let text = ''
    let slept = false
    const done = await run('for n in $(seq 1 60000); do echo "zeile $n äöü€"; done', {
      maxOutput: 1000,
      onOutput: async (_, data) => {
        text += data
        // Longer than the sandbox waits for a reader that says nothing.
        if (!slept) await clock.sleep(7_000)
        slept = true
      },
    })
    const lines = text.split('\n')
    expect([lines.length, lines[0], lines[59_999]]).toEqual([60_001, 'zeile 1 äöü€', 'zeile 60000 äöü€'])
    expect([done.truncated, done.stdout.length < 1200, done.stdout.endsWith('zeile 60000 äöü€\n')]).toEqual([true, true, true])
  })

  it('that its reader breaks off is ended', async () => {
    await expect(run('echo x; sleep 4713.3', { onOutput: () => Promise.reject(new Error('enough')) })).rejects.toThrow('enough')
    await eventually('it is gone', async () => !(await alive('4713.3')))
  })
})

describe('files', () => {
  it('come back byte by byte, appended or not', async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, n) => n % 256))
    const path = join(temp.path, 'new dir', 'a+b ä.bin')
    expect(await api.write(path, bytes, false)).toBe(70_000)
    expect(await api.write(path, Buffer.from('end'), true)).toBe(3)
    expect(Buffer.from(await api.read(path)).equals(Buffer.concat([bytes, Buffer.from('end')]))).toBe(true)
    expect((await readFile(path)).length).toBe(70_003)
    await api.write(path, new Uint8Array(0), false)
    expect((await api.read(path)).length).toBe(0)
  })

  it('come whole whatever their size is said to be, in one piece and as a stream', async () => {
    for (const path of ['/proc/version', '/sys/class/net/lo/mtu', join(temp.path, 'empty')]) {
      if (!path.startsWith('/proc') && !path.startsWith('/sys')) await writeFile(path, '')
      const pieces: Uint8Array[] = []
      expect(await api.stream(path, (piece) => void pieces.push(piece))).toBe((await readFile(path)).length)
      expect(Buffer.concat(pieces).toString()).toBe(await readFile(path, 'utf8'))
      expect(Buffer.from(await api.read(path)).toString()).toBe(await readFile(path, 'utf8'))
    }
  })

  it('of more than one answer carries are refused by their size alone, with the way round, and come as a stream', async () => {
    const path = join(temp.path, 'large')
    await writeFile(path, '')
    await truncate(path, 101 * 1024 * 1024)
    await expect(api.read(path)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringContaining(String(101 * 1024 * 1024)),
      next: expect.stringContaining('berth read'),
    })
    let most = 0
    expect(await api.stream(path, (piece) => void (most = Math.max(most, piece.byteLength)))).toBe(101 * 1024 * 1024)
    expect(most).toBeLessThan(1024 * 1024)
  })

  it('that get shorter while they are read are no sandbox that is gone', async () => {
    const path = join(temp.path, 'shrinks')
    await writeFile(path, Buffer.alloc(32 * 1024 * 1024))
    await expect(api.stream(path, () => truncate(path, 0))).rejects.toMatchObject({ code: 'FILE_FAILED', message: expect.stringContaining('shorter') })
    expect(api.lastProof()).toBeGreaterThan(0)
  })

  it('are listed with what is known of them', async () => {
    await mkdir(join(temp.path, 'list', 'inner'), { recursive: true })
    await writeFile(join(temp.path, 'list', '.hidden'), 'abc')
    const rows = await api.list(join(temp.path, 'list'), { recursive: false, hidden: true })
    expect(rows.map(({ name, directory, size }) => `${name} ${directory ? 'directory' : size}`).sort()).toEqual(['.hidden 3', 'inner directory'])
    expect(await api.list(join(temp.path, 'list'), { recursive: false, hidden: false })).toHaveLength(1)
  })

  it('that fail say how, by code', async () => {
    await writeFile(join(temp.path, 'plain'), '')
    await expect(api.read('/no/such/file')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', message: expect.stringContaining('/no/such/file') })
    await expect(api.read(temp.path)).rejects.toMatchObject({ code: 'FILE_FAILED' })
    await expect(api.list('/no/such/dir', { recursive: false, hidden: true })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(api.write(join(temp.path, 'plain', 'x'), Buffer.from('x'), false)).rejects.toMatchObject({ code: 'FILE_FAILED' })
    await expect(api.write('/dev/full', Buffer.from('x'), false)).rejects.toMatchObject({
      code: 'FILE_FAILED',
      message: expect.stringContaining('Not a regular file'),
    })
  })

  it('are searched for lines; what is no pattern, or not there, is told', async () => {
    const at = join(temp.path, 'search')
    await mkdir(at)
    await writeFile(join(at, 'a.py'), 'def one():\n  pass\n# ä def\n')
    await writeFile(join(at, 'b.txt'), 'DEF\na.b\naxb\n')
    const usual = { path: at, fixed: false, ignoreCase: false, include: [], maxResults: 10 }
    expect(await api.search({ ...usual, pattern: '^def \\w+' })).toEqual({
      matches: [{ file: join(at, 'a.py'), line: 1, text: 'def one():' }],
      truncated: false,
    })
    expect((await api.search({ ...usual, pattern: 'def', ignoreCase: true })).matches).toHaveLength(3)
    expect((await api.search({ ...usual, pattern: 'def', ignoreCase: true, include: ['*.txt'] })).matches).toMatchObject([{ line: 1, text: 'DEF' }])
    expect((await api.search({ ...usual, pattern: 'a.b', fixed: true })).matches).toMatchObject([{ line: 2 }])
    expect(await api.search({ ...usual, pattern: '.', maxResults: 2 })).toMatchObject({ truncated: true, matches: [{ line: 1 }, { line: 2 }] })
    expect((await api.search({ ...usual, path: join(at, 'b.txt'), pattern: 'axb' })).matches).toHaveLength(1)
    await expect(api.search({ ...usual, pattern: '(' })).rejects.toMatchObject({ code: 'FILE_FAILED' })
    await expect(api.search({ ...usual, path: '/no/such/dir', pattern: 'a' })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    const given = AbortSignal.abort()
    await expect(api.search({ ...usual, pattern: 'a', signal: given })).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

describe('the sandbox itself', () => {
  it('proves that it lives with every answer, and tells what runs', async () => {
    const before = clock.now()
    await api.probe(1_000)
    expect(api.lastProof()).toBeGreaterThanOrEqual(before)
    const doing = run('until [ -e stop ]; do sleep 0.02; done')
    await eventually('seen', async () => (await api.activity(1_000)).running === 1)
    await writeFile(join(temp.path, 'stop'), '')
    await doing
    expect(await api.activity(1_000)).toMatchObject({ running: 0, version: '9.8.7', idleSeconds: expect.any(Number) })
  })

  it('that is another one is told from one that is not there', async () => {
    const stranger = openSandbox({ address: { url: server.url, key: 'wrong' }, clock })
    for (const call of [stranger.probe(1_000), stranger.exec({ command: 'true', maxOutput: 1024 }), stranger.read('/etc/hosts'), stranger.activity(1_000)]) {
      await expect(call).rejects.toMatchObject({ code: 'SANDBOX_REFUSED' })
    }
    expect(stranger.lastProof()).toBe(-Infinity)
    await stranger.close()
    const nobody = openSandbox({ address: { url: 'http://127.0.0.1:1', key }, clock })
    for (const call of [nobody.probe(1_000), nobody.exec({ command: 'true', maxOutput: 1024 }), nobody.activity(1_000)]) {
      await expect(call).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE' })
    }
    await nobody.close()
  })

  it('answers its probe while every connection for commands is taken, and more commands wait', async () => {
    const roomy = await liteServer({ key, cwd: temp.path, env: { MAX_SHELL_SESSIONS: '200' } })
    const client = openSandbox({ address: { url: roomy.url, key }, clock })
    await eventually('ready', () => client.probe(1_000).then(() => true))
    const stop = new AbortController()
    const many = Array.from({ length: 70 }, () =>
      client.exec({ command: 'sleep 4714.4', maxOutput: 1024, signal: stop.signal }).catch((error: unknown) => error),
    )
    await eventually('as many run as there are connections', async () => (await client.activity(5_000)).running >= 64)
    await client.probe(5_000)
    stop.abort()
    for (const outcome of await Promise.all(many)) expect(outcome).toMatchObject({ code: 'CANCELLED' })
    await eventually('they are gone', async () => (await client.activity(5_000)).running === 0)
    await client.close()
    await roomy.stop()
  })

  it('that ends fails its calls at once, and so does a closed client', async () => {
    const own = await liteServer({ key, cwd: temp.path })
    const client = openSandbox({ address: { url: own.url, key }, clock })
    await eventually('ready', () => client.probe(1_000).then(() => true))
    const doing = client.exec({ command: 'kill -9 $PPID; sleep 5', maxOutput: 1024 }).catch((error: unknown) => error)
    expect(await within(5_000, 'the loss', doing)).toMatchObject({ code: 'SANDBOX_UNREACHABLE' })
    await own.stop()
    await client.close()
    await expect(client.probe(1_000)).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE' })
  })
})

describe('other images', () => {
  let stranger: Server
  let asked: string[] = []
  let reply: (path: string) => { status: number; body: string } = () => ({ status: 404, body: '{"detail":"Not Found"}' })
  let client: SandboxApi
  beforeAll(async () => {
    stranger = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      const { status, body } = reply(request.url ?? '')
      request.resume().on('end', () => response.writeHead(status, { 'content-type': 'application/json' }).end(body))
    })
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    client = openSandbox({ address: { url: `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/base/`, key: null }, clock })
  })
  afterAll(async () => {
    await client.close()
    stranger.closeAllConnections()
    stranger.close()
  })

  it('too old for bash are named as that', async () => {
    await expect(client.exec({ command: 'true', maxOutput: 1024 })).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
      message: expect.stringContaining('too old'),
    })
    expect(asked).toEqual(['POST /base/v1/bash/sessions/create'])
  })

  it('never get a command twice', async () => {
    asked = []
    const session = { success: true, data: { session_id: 's' } }
    reply = (path) => (path.endsWith('/create') ? { status: 200, body: JSON.stringify(session) } : { status: 502, body: '<html>' })
    await expect(client.exec({ command: 'true', maxOutput: 1024 })).rejects.toMatchObject({
      code: 'SANDBOX_UNREACHABLE',
      message: expect.stringContaining('502'),
    })
    expect(asked.filter((path) => path.endsWith('/bash/exec'))).toHaveLength(1)
  })

  it('have their running commands counted', async () => {
    reply = (path) => {
      if (path.endsWith('/shell/sessions'))
        return { status: 200, body: JSON.stringify({ success: true, data: { sessions: { a: { current_command: 'x' }, b: { current_command: null } } } }) }
      if (path.endsWith('/bash/sessions')) return { status: 200, body: JSON.stringify({ success: true, data: [{ current_command: 'y' }, {}] }) }
      return { status: 200, body: '<html>' }
    }
    expect(await client.activity(1_000)).toEqual({ running: 2, idleSeconds: null, version: null })
    await expect(client.probe(1_000)).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE' })
  })
})
