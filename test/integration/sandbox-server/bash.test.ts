import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alive, startSandboxServer, until } from './support.ts'
import type { Body, Running } from './support.ts'

let server: Running
beforeAll(async () => {
  server = await startSandboxServer({ MAX_SHELL_SESSIONS: '6' })
})
afterAll(() => server.close())

const exec = (command: string, more: Record<string, unknown> = {}) => server.post('/v1/bash/exec', { command, ...more })

describe('bash/exec', () => {
  test('keeps the streams and the exit code apart', async () => {
    const { status, body } = await exec('echo out; echo err >&2; exit 3')
    expect(status).toBe(200)
    expect(body).toMatchObject({ success: true, hint: null })
    expect(body.data).toMatchObject({
      status: 'completed',
      stdout: 'out\n',
      stderr: 'err\n',
      exit_code: 3,
      offset: 4,
      stderr_offset: 4,
      command: expect.any(String),
    })
    expect(body.data).toMatchObject({ session_id: expect.any(String), command_id: expect.any(String) })
  })

  test('its streams are pipes that can be opened by name', async () => {
    const { body } = await exec('echo a >/dev/stderr; echo b | tee /dev/stderr >/dev/null')
    expect(body.data).toMatchObject({ stderr: 'a\nb\n', exit_code: 0 })
  })

  test('starts in the workspace, in exec_dir, and keeps env to one command', async () => {
    expect((await exec('pwd; echo $HOME')).body.data['stdout']).toBe(`${server.home}\n${server.home}\n`)
    expect((await exec('pwd; echo $X', { exec_dir: '/usr', env: { X: 'it' } })).body.data['stdout']).toBe('/usr\nit\n')
    expect((await exec('echo ${X-unset}')).body.data['stdout']).toBe('unset\n')
    const missing = await exec('pwd', { exec_dir: '/no/such/place' })
    expect(missing.status).toBe(400)
    expect(missing.body).toMatchObject({ success: false, data: null, message: expect.stringContaining('/no/such/place') })
  })

  test('what reads its input finds none instead of waiting', async () => {
    expect((await exec('cat; echo end')).body.data).toMatchObject({ stdout: 'end\n', status: 'completed' })
  })

  test('returns when the process ends, not when its children do', async () => {
    const before = performance.now()
    const { body } = await exec('echo started; sleep 60 & echo $!')
    expect(performance.now() - before).toBeLessThan(20_000)
    const [first, pid] = String(body.data['stdout']).split('\n')
    expect(first).toBe('started')
    expect(alive(Number(pid))).toBe(true)
    process.kill(Number(pid))
  })

  test('hard_timeout ends the whole group, what ignores SIGTERM too', async () => {
    const { body } = await exec("trap '' TERM; sh -c 'trap \"\" TERM; echo $$ >child; while :; do sleep 0.1; done'", { hard_timeout: 0.3 })
    expect(body.data).toMatchObject({ status: 'timed_out', exit_code: 137 })
    const pid = Number(await readFile(join(server.home, 'child'), 'utf8'))
    await until(() => !alive(pid))
  })

  test('a soft timeout leaves it running, and output goes on from the offsets', async () => {
    const { body } = await exec('echo one; sleep 3; echo two', { timeout: 1 })
    expect(body.data).toMatchObject({ status: 'running', stdout: 'one\n', offset: 4, exit_code: null })
    const next = await server.post('/v1/bash/output', { session_id: body.data['session_id'], offset: 4, wait: true, wait_timeout: 20 })
    expect(next.body.data).toMatchObject({ stdout: 'two\n', offset: 8 })
  })

  test('truncates the middle of long output, and says so', async () => {
    const { body } = await exec('seq 1 100000', { max_output_length: 1000 })
    const text = String(body.data['stdout'])
    expect(text).toMatch(/^1\n2\n/)
    expect(text).toMatch(/characters truncated/)
    expect(text).toMatch(/100000\n$/)
    expect(text.length).toBeLessThan(1200)
    expect(body.data['offset']).toBe(588_895)
    expect(String((await exec('seq 1 100000', { max_output_length: 0 })).body.data['stdout']).length).toBe(588_895)
  })

  test('a flood stays within bounds and its end is kept', async () => {
    const { body } = await exec('yes | head -c 200000000; echo; echo END', { max_output_length: 0 })
    const text = String(body.data['stdout'])
    expect(text).toMatch(/bytes dropped/)
    expect(text.endsWith('END\n')).toBe(true)
    expect(text.length).toBeLessThan(5 * 1024 * 1024)
    expect(body.data['offset']).toBe(200_000_005)
    const rss = Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.process.pid}/status`, 'utf8'))?.[1])
    expect(rss).toBeLessThan(250 * 1024)
  })

  test('wrong bodies get a list of problems', async () => {
    const { status, body } = await server.post('/v1/bash/exec', { timeout: 'soon', env: { A: 1 }, exec_dir: 'here' })
    expect(status).toBe(422)
    expect(body.detail).toEqual(
      expect.arrayContaining([
        { loc: ['body', 'command'], msg: 'Field required', type: 'missing' },
        expect.objectContaining({ loc: ['body', 'timeout'] }),
        expect.objectContaining({ loc: ['body', 'env', 'A'] }),
        expect.objectContaining({ loc: ['body', 'exec_dir'] }),
      ]),
    )
  })
})

describe('a command of any length', () => {
  const descriptors = () => readdirSync(`/proc/${server.process.pid}/fd`).length
  /** What is kept open for the next commands, and connections of ours, come and go by a few. */
  const few = 60

  test('runs as `bash -c` runs one, with its input, its name and the numbers of its lines', async () => {
    const long = `# ${'x'.repeat(200_000)}\n`
    const ends = [
      'echo "$0 ${BASH_SOURCE-none} $# $?"',
      'echo $((LINENO))',
      'no-such-program',
      'cat',
      'set -e; false; echo not',
      'trap "echo bye" EXIT; exit 3',
      'echo "$(ls /proc/self/fd | tr "\\n" " ")"',
    ]
    for (const end of ends) {
      const [short, big] = await Promise.all([`# short\n${end}`, `${long}${end}`].map(async (command) => (await exec(command)).body.data))
      const { stdout, stderr, exit_code, status } = short ?? {}
      expect(big, end).toMatchObject({ stdout, stderr, exit_code, status })
    }
  })

  test.each([131_071, 131_072, 16 * 1024 * 1024])('of %i bytes, and in a shell too', async (size) => {
    const text = `cat <<'X' | wc -c\n${'line of text\n'.repeat(Math.floor((size - 30) / 13))}X\n`
    const command = text + '#'.repeat(size - text.length)
    const want = `${text.length - "cat <<'X' | wc -c\n".length - 2}\n`
    expect((await exec(command)).body.data).toMatchObject({ status: 'completed', exit_code: 0, stdout: want })
    if (size > 1024 * 1024) return
    await server.post('/v1/shell/sessions/create', { id: 'long' })
    const { body } = await server.post('/v1/shell/exec', { id: 'long', command, no_change_timeout: 100 })
    expect(body.data).toMatchObject({ status: 'completed', exit_code: 0, output: want })
  })

  test('what cannot be started says exactly what is too long, and keeps no descriptor open', async () => {
    const before = descriptors()
    for (let n = 0; n < 40; n += 1) {
      const { status, body } = await exec('true', { env: { BIG: 'x'.repeat(131_068) } })
      expect(status).toBe(400)
      expect(body.message).toBe('The environment variable BIG has 131072 bytes with its name; 131071 is the most that Linux takes')
    }
    expect((await exec('true', { env: { NUL: 'a\0b' } })).body.message).toContain('NUL')
    expect((await exec('true', { env: Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`V${n}`, 'x'.repeat(100_000)])) })).body.message).toMatch(
      /^The environment has \d+ bytes in all/,
    )
    await until(() => Promise.resolve(descriptors() < before + few))
    expect((await exec('printf %s "$FITS" | wc -c', { env: { FITS: 'x'.repeat(131_066) } })).body.data['stdout']).toBe('131066\n')
  })
})

test('no body is an empty one, at every door', async () => {
  const { paths } = (await server.get('/v1/openapi.json')).body as unknown as { paths: Record<string, Record<string, unknown>> }
  const doors = Object.keys(paths)
    .filter((path) => 'post' in (paths[path] ?? {}) && !path.endsWith('/upload'))
    .map((path) => path.replace(/\{\w+\}/, 'far'))
  expect(doors.length).toBeGreaterThan(20)
  const missing = (body: Body) => JSON.stringify(body.detail ?? null).includes('"missing"')
  for (const door of doors) {
    const empty = await server.post(door, {})
    const answers = await Promise.all(
      [undefined, ''].map(async (body) => {
        const response = await fetch(server.url + door, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body }),
        })
        return { status: response.status, body: (await response.json()) as Body }
      }),
    )
    for (const each of answers)
      expect({ status: each.status, missing: missing(each.body) }, door).toEqual({ status: empty.status, missing: missing(empty.body) })
  }
})

test('a time that no timer can have is as good as none, at every door', async () => {
  const [far, session] = [99_999_999, { id: 'far' }]
  await server.post('/v1/shell/sessions/create', session)
  const [ended, typed, soft] = await Promise.all([
    exec('sleep 0.2; echo done', { hard_timeout: far }),
    server.post('/v1/shell/exec', { ...session, command: 'sleep 0.2; echo done', hard_timeout: far, timeout: far, no_change_timeout: far }),
    exec('sleep 0.2; echo done', { timeout: 3_600_000 }),
  ])
  expect([ended, typed, soft].map(({ body }) => body.data['status'])).toEqual(['completed', 'completed', 'completed'])
  await server.post('/v1/shell/exec', { ...session, command: 'sleep 0.2', async_mode: true })
  expect((await server.post('/v1/shell/wait', { ...session, seconds: far })).body.data['status']).toBe('completed')
})

describe('bash sessions', () => {
  test('create, list, write, output, kill, close', async () => {
    const created = await server.post('/v1/bash/sessions/create', { session_id: 's1', exec_dir: '/tmp' })
    expect(created.body.data).toMatchObject({ session_id: 's1', status: 'ready', working_dir: '/tmp', command_count: 0 })
    const started = await exec('read a; echo got $a; sleep 60', { session_id: 's1', async_mode: true })
    expect(started.body.data).toMatchObject({ status: 'running', session_id: 's1' })
    expect((await server.post('/v1/bash/write', { session_id: 's1', input: 'hello\n' })).body).toMatchObject({ success: true, data: null })
    const output = await server.post('/v1/bash/output', { session_id: 's1', wait: true })
    expect(output.body.data).toMatchObject({ stdout: 'got hello\n', offset: 10, command: { status: 'running', exit_code: null } })
    const listed = (await server.get('/v1/bash/sessions')).body.data as unknown as { session_id: string; current_command: string }[]
    expect(listed.find((each) => each.session_id === 's1')?.current_command).toContain('read a')
    await server.post('/v1/bash/kill', { session_id: 's1' })
    await until(async () => {
      const { body } = await server.post('/v1/bash/output', { session_id: 's1', wait: true, wait_timeout: 5, offset: 10 })
      return (body.data['command'] as unknown as { status: string }).status === 'killed'
    })
    expect((await server.post('/v1/bash/sessions/s1/close', {})).body).toMatchObject({ success: true, data: null })
    expect(await server.post('/v1/bash/output', { session_id: 's1' })).toMatchObject({ status: 404, body: { message: 'Session not found', data: null } })
    expect((await exec('true', { session_id: 'never' })).status).toBe(404)
    expect((await server.post('/v1/bash/sessions/never/close', {})).status).toBe(404)
  })

  test('a follower gets every byte of an async command, in order', async () => {
    const total = 6_000_000
    const started = await exec(`yes 12345 | head -c ${total}`, { async_mode: true })
    const id = started.body.data['session_id']
    let offset = 0
    let length = 0
    for (;;) {
      const { data } = (await server.post('/v1/bash/output', { session_id: id, offset, wait: true, wait_timeout: 10 })).body
      const text = String(data['stdout'])
      expect(text).not.toContain('dropped')
      length += text.length
      offset = Number(data['offset'])
      const { status } = data['command'] as unknown as { status: string }
      if (status !== 'running' && text === '') break
    }
    expect(length).toBe(total)
  })

  test('a character that has not all come is left for the next time', async () => {
    const started = await exec(String.raw`printf 'a\303'; sleep 1; printf '\251b'`, { async_mode: true })
    const id = started.body.data['session_id']
    const first = (await server.post('/v1/bash/output', { session_id: id, wait: true })).body.data
    expect(first).toMatchObject({ stdout: 'a', offset: 1 })
    await until(async () => ((await server.get('/healthz')).body['running'] as number) === 0)
    expect((await server.post('/v1/bash/output', { session_id: id, offset: 1 })).body.data).toMatchObject({ stdout: 'éb', offset: 4 })
  })

  test('at the limit an idle session gives way; when all are busy there is a clear refusal', async () => {
    const ids: unknown[] = []
    for (let index = 0; index < 6; index += 1) ids.push((await exec('sleep 60', { async_mode: true })).body.data['session_id'])
    const refused = await exec('true')
    expect(refused.status).toBe(400)
    expect(refused.body).toMatchObject({ success: false, message: expect.stringContaining('session limit reached'), data: null })
    await server.post('/v1/bash/kill', { session_id: ids[0], signal: 'SIGKILL' })
    await until(async () => (await exec('true')).status === 200)
    for (const id of ids.slice(1)) await server.post(`/v1/bash/sessions/${String(id)}/close`, {})
  })
})
