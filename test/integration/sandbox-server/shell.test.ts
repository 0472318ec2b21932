import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findProgram, pathOf, startSandboxServer, until } from './support.ts'
import type { Running } from './support.ts'

let server: Running
beforeAll(async () => {
  server = await startSandboxServer({ MAX_SHELL_SESSIONS: '12' })
})
afterAll(() => server.close())

const exec = (command: string, more: Record<string, unknown> = {}) => server.post('/v1/shell/exec', { command, ...more })
const output = async (command: string, more: Record<string, unknown> = {}): Promise<unknown> => (await exec(command, more)).body.data['output']
const session = async (id: string): Promise<{ id: string }> => {
  await server.post('/v1/shell/sessions/create', { id })
  return { id }
}

describe('shell/exec', () => {
  test('answers in the shape that the SDK parses strictly', async () => {
    const { status, body } = await exec('echo hi; echo err >&2; tty; false', await session('shape'))
    expect(status).toBe(200)
    expect(body).toMatchObject({ success: true, hint: null })
    expect(body.data).toMatchObject({ session_id: 'shape', status: 'completed', exit_code: 1, output: expect.stringMatching(/^hi\nerr\n\/dev\/pts\/\d+\n$/) })
    expect(body.data['console']).toEqual([{ ps1: expect.any(String), command: body.data['command'], output: body.data['output'] }])
  })

  test('keeps directory, variables, functions and the last status', async () => {
    const id = await session('state')
    await exec('cd /usr; export A=1; declare B=2; f() { echo "f $1"; }; (exit 9)', id)
    expect(await output('echo $? $A $B $PWD; f x', id)).toBe('9 1 2 /usr\nf x\n')
  })

  test.each([
    ['exit 7', 7],
    ['exec true', 0],
    ['set -e; false', 1],
    ['echo "open', 2],
    ['cat <<X\nbody', 0],
    ['break', 0],
    ['continue', 0],
    ['return 3', 2],
    ['kill -9 $$', 137],
    ['exec 197>&- 198<&- 199>&-', 0],
  ])('survives %j', async (command, code) => {
    const id = await session(`survives ${command}`)
    expect((await exec(command, id)).body.data).toMatchObject({ status: 'completed', exit_code: code, session_id: id.id })
    expect((await exec('echo next', id)).body.data).toMatchObject({ status: 'completed', exit_code: 0, output: 'next\n', session_id: id.id })
    await server.del(`/v1/shell/sessions/${encodeURIComponent(id.id)}`)
  })

  test('after exit the shell starts again where it was', async () => {
    const id = await session('again')
    await exec('cd /usr', id)
    await exec('exit 0', id)
    expect(await output('pwd', id)).toBe('/usr\n')
  })

  test('calls without an id never meet: each busy one gets a session of its own', async () => {
    const all = await Promise.all([1, 2, 3, 4].map((n) => exec(`sleep 0.5; echo ${n}`)))
    expect(all.map((each) => each.body.data['output'])).toEqual(['1\n', '2\n', '3\n', '4\n'])
    expect(new Set(all.map((each) => each.body.data['session_id'])).size).toBe(4)
    const first = await exec('echo a')
    expect((await exec('echo b')).body.data['session_id']).toBe(first.body.data['session_id'])
  })

  test('calls with one id queue in order, within their own time', async () => {
    const id = await session('queue')
    const order: unknown[] = []
    await Promise.all([1, 2, 3].map(async (n) => order.push(await output(`sleep 0.2; echo ${n}`, id))))
    expect(order).toEqual(['1\n', '2\n', '3\n'])
    await exec('sleep 60', { ...id, async_mode: true })
    const refused = await exec('echo no', { ...id, timeout: 0.2 })
    expect(refused).toMatchObject({ status: 409, body: { success: false, data: null, message: expect.stringContaining('not run') } })
    expect((await server.post('/v1/shell/kill', id)).body.data).toMatchObject({ status: 'terminated', exit_code: 143, returncode: 143 })
    expect(await output('echo yes', id)).toBe('yes\n')
  })

  test.each([
    ['sleep 60'],
    ['while true; do sleep 0.05; done'],
    ['while :; do :; done'],
    ['sleep 60 | cat'],
    ['sh -c "trap \'\' TERM INT; while :; do sleep 0.1; done"'],
  ])('hard_timeout stops %j and the session goes on with its state', async (command) => {
    const id = await session(`hard ${command}`)
    await exec('cd /usr; V=kept; sleep 300 & BG=$!', id)
    expect((await exec(command, { ...id, hard_timeout: 0.3 })).body.data).toMatchObject({ status: 'hard_timeout', session_id: id.id })
    expect(await output('echo $V $PWD; kill -0 $BG && echo background lives; kill $BG', id)).toContain('kept /usr\nbackground lives\n')
    await server.del(`/v1/shell/sessions/${encodeURIComponent(id.id)}`)
  })

  test('timeout and no_change_timeout return while it runs', async () => {
    const id = await session('soft')
    expect((await exec('echo a; sleep 3; echo b', { ...id, timeout: 1 })).body.data).toMatchObject({ status: 'running', output: 'a\n', exit_code: null })
    expect((await server.post('/v1/shell/wait', { ...id, seconds: 20 })).body.data).toEqual({ status: 'completed' })
    expect((await server.post('/v1/shell/view', id)).body.data).toMatchObject({ output: 'a\nb\n', status: 'completed', exit_code: 0, session_id: 'soft' })
    expect((await exec('sleep 60', { ...id, no_change_timeout: 1 })).body.data).toMatchObject({ status: 'no_change_timeout' })
    await server.post('/v1/shell/kill', id)
  })

  test('a client that goes away leaves its command running', async () => {
    const id = await session('left')
    const abort = new AbortController()
    const call = fetch(`${server.url}/v1/shell/exec`, {
      method: 'POST',
      body: JSON.stringify({ command: 'sleep 1; echo done', ...id }),
      headers: { 'content-type': 'application/json' },
      signal: abort.signal,
    })
    await until(async () => (await server.post('/v1/shell/view', id)).body.data['status'] === 'running')
    abort.abort()
    await expect(call).rejects.toThrow()
    await server.post('/v1/shell/wait', { ...id, seconds: 20 })
    expect((await server.post('/v1/shell/view', id)).body.data).toMatchObject({ output: 'done\n', exit_code: 0 })
  })

  test('exec_dir, strict and relative paths', async () => {
    const id = await session('dirs')
    expect(await output('pwd', { ...id, exec_dir: '/usr' })).toBe('/usr\n')
    expect(await output('pwd', { ...id, exec_dir: '/no/such' })).toBe('/usr\n')
    expect((await exec('pwd', { ...id, exec_dir: '/no/such', strict: true })).status).toBe(400)
    expect((await exec('pwd', { ...id, exec_dir: 'usr' })).status).toBe(422)
  })

  test('truncates unless told not to; background children do not hold it', async () => {
    const id = await session('long')
    const cut = String(await output('seq 1 20000', id))
    expect(cut.length).toBeLessThan(31_000)
    expect(cut).toMatch(/truncated[^]*20000\n$/)
    expect(String(await output('seq 1 20000', { ...id, truncate: false })).length).toBe(108_894)
    expect(await output('sleep 60 & echo free', id)).toBe('free\n')
  })

  test('a command of a megabyte, of many lines, with every quote', async () => {
    const id = await session('big')
    const text = `it's "quoted" \\ $HOME \`x\`\n`.repeat(10_000)
    expect(await output(`cat <<'EOF' | wc -c\n${text}EOF\n`, id)).toBe(`${text.length}\n`)
  })
})

describe('the other shell calls', () => {
  test('write reaches what reads; at an idle session it is a command', async () => {
    const id = await session('write')
    await exec('read a; echo got $a', { ...id, async_mode: true })
    await until(async () => (await server.post('/v1/shell/view', id)).body.data['status'] === 'running')
    expect((await server.post('/v1/shell/write', { ...id, input: 'hello', press_enter: true })).body).toMatchObject({ success: true })
    await server.post('/v1/shell/wait', { ...id, seconds: 20 })
    expect((await server.post('/v1/shell/view', id)).body.data['output']).toBe('got hello\n')
    await server.post('/v1/shell/write', { ...id, input: 'echo typed', press_enter: true })
    await server.post('/v1/shell/wait', { ...id, seconds: 20 })
    expect((await server.post('/v1/shell/view', id)).body.data['output']).toBe('typed\n')
    await exec('sleep 60', { ...id, async_mode: true })
    await server.post('/v1/shell/write', { ...id, input: '\u0003', press_enter: false })
    expect((await server.post('/v1/shell/wait', { ...id, seconds: 20 })).body.data).toEqual({ status: 'completed' })
  })

  test('Ctrl-C right after the answer to a start ends what was started, not the shell that is on its way to it', async () => {
    const id = await session('at once')
    for (let round = 0; round < 40; round += 1) {
      await exec('sleep 60', { ...id, async_mode: true })
      await server.post('/v1/shell/write', { ...id, input: '\u0003', press_enter: false })
      expect((await server.post('/v1/shell/wait', { ...id, seconds: 20 })).body.data, `round ${round}`).toEqual({ status: 'completed' })
      expect((await server.post('/v1/shell/view', id)).body.data['exit_code']).toBe(130)
    }
  })

  test('Ctrl-C for a command that ends before it could be passed on is not for the next one', async () => {
    const id = await session('too late')
    for (let round = 0; round < 30; round += 1) {
      await exec('read -t 0.05 x', { ...id, async_mode: true })
      const typed = server.post('/v1/shell/write', { ...id, input: '\u0003', press_enter: false })
      const next = exec('read -t 0.05 x; echo next', id)
      await typed
      expect((await next).body.data, `round ${round}`).toMatchObject({ output: 'next\n', exit_code: 0, status: 'completed' })
    }
  })

  test('sessions: create is idempotent, list, update, stats, delete', async () => {
    const first = await server.post('/v1/shell/sessions/create', { id: 'mine', exec_dir: '/usr' })
    expect(first.body.data).toEqual({ session_id: 'mine', working_dir: '/usr' })
    expect((await server.post('/v1/shell/sessions/create', { id: 'mine' })).body.data).toEqual({ session_id: 'mine', working_dir: '/usr' })
    const { sessions } = (await server.get('/v1/shell/sessions')).body.data as unknown as { sessions: Record<string, Record<string, unknown>> }
    expect(sessions['mine']).toMatchObject({ working_dir: '/usr', status: 'ready', current_command: null, age_seconds: expect.any(Number) })
    expect(Number.isInteger(sessions['mine']?.['age_seconds'])).toBe(true)
    expect(String(sessions['mine']?.['created_at'])).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect((await server.post('/v1/shell/sessions/update', { id: 'mine', no_change_timeout: 1 })).body).toMatchObject({ success: true, data: null })
    expect((await exec('sleep 60', { id: 'mine' })).body.data['status']).toBe('no_change_timeout')
    expect((await server.get('/v1/shell/sessions/stats')).body.data).toMatchObject({
      max_sessions: 12,
      total_sessions: expect.any(Number),
      usage_ratio: expect.any(Number),
    })
    expect((await server.del('/v1/shell/sessions/mine')).body).toMatchObject({ success: true, data: null })
    for (const path of ['exec', 'view', 'wait', 'kill', 'write']) {
      const { status, body } = await server.post(`/v1/shell/${path}`, { id: 'mine', command: 'true', input: '', press_enter: true })
      expect({ status, body }).toEqual({ status: 404, body: { success: false, message: 'Session not found', data: null, hint: null } })
    }
  })

  test('at the limit the oldest idle session gives way; all busy is refused', async () => {
    await server.del('/v1/shell/sessions')
    for (let index = 0; index < 12; index += 1) expect((await exec('sleep 60', { async_mode: true })).status).toBe(200)
    await until(async () => ((await server.get('/healthz')).body['running'] as number) === 12)
    expect(await exec('true')).toMatchObject({ status: 400, body: { success: false, data: null, message: expect.stringContaining('session limit reached') } })
    expect((await server.del('/v1/shell/sessions')).body).toMatchObject({ success: true, data: null })
    expect(await output('echo room')).toBe('room\n')
  })
})

describe('output belongs to the command that wrote it', () => {
  /** A terminal whose output comes late: by more than any time that a server may allow it, or not at all late, in turns. */
  async function lateTerminal(): Promise<{ server: Running; close(): Promise<void> }> {
    const bin = await pathOf(['bash', 'sleep', 'cat', 'seq', 'mkfifo', 'stty', 'node'])
    const relay = `const queue = []; let turn = 0; process.stdin.on('data', (bytes) => {
      queue.push(bytes); setTimeout(() => process.stdout.write(queue.shift()), [1, 700, 20][turn++ % 3]) })
      process.stdin.on('end', () => process.stdout.write(Buffer.concat(queue.splice(0))))
      process.stdout.on('error', () => undefined)`
    await writeFile(join(bin, 'relay.cjs'), relay)
    await writeFile(join(bin, 'script'), `#!${findProgram('bash')}\n${findProgram('script')} "$@" 1> >(exec ${process.execPath} ${join(bin, 'relay.cjs')})\n`)
    await chmod(join(bin, 'script'), 0o755)
    const late = await startSandboxServer({ PATH: bin })
    return {
      server: late,
      close: async () => {
        await late.close()
        await rm(bin, { recursive: true, force: true })
      },
    }
  }

  test('however late the terminal gives it, after a hard_timeout too', async () => {
    const late = await lateTerminal()
    try {
      const run = async (command: string, more: object = {}) => (await late.server.post('/v1/shell/exec', { command, id: 'late', ...more })).body.data
      await late.server.post('/v1/shell/sessions/create', { id: 'late' })
      for (let n = 0; n < 6; n += 1) expect(await run(`echo said-${n}`)).toMatchObject({ output: `said-${n}\n`, status: 'completed', exit_code: 0 })
      expect(await run('echo began; while :; do sleep 0.05; done', { hard_timeout: 0.2 })).toMatchObject({
        status: 'hard_timeout',
        output: expect.stringContaining('began\n'),
      })
      for (let n = 0; n < 6; n += 1) expect(await run(`echo after-${n}`)).toMatchObject({ output: `after-${n}\n`, status: 'completed', exit_code: 0 })
    } finally {
      await late.close()
    }
  })

  test('under a hail of interrupts: a command is interrupted or says its own, and none is taken for another or lost', async () => {
    const id = await session('hail')
    const pid = String(await output('echo $$', id)).trim()
    // No child of that shell's: its stops are not meant for this one.
    await exec(`trap '' INT; while kill -INT ${pid} 2>/dev/null; do sleep 0.0$((RANDOM % 3))$((RANDOM % 10)); done`, {
      ...(await session('cloud')),
      async_mode: true,
    })
    let said = 0
    for (let n = 0; n < 60; n += 1) {
      const { output: text, exit_code: code, status } = (await exec(`echo said-${n}`, id)).body.data
      expect(status).toBe('completed')
      expect(String(text).match(/said-\d+/g) ?? [`said-${n}`]).toEqual([`said-${n}`])
      if (Number(code) !== 0) continue
      expect(text).toContain(`said-${n}`)
      said += 1
    }
    expect(said).toBeGreaterThan(0)
    await server.post('/v1/shell/kill', { id: 'cloud' })
    for (let n = 0; n < 3; n += 1) expect(await output(`echo calm-${n}`, id)).toBe(`calm-${n}\n`)
  })

  test('what is left in the background speaks for its own command until the next one begins', async () => {
    const id = await session('behind')
    expect(await output('(sleep 0.3; echo late) &', id)).toBe('')
    await until(async () => (await server.post('/v1/shell/view', id)).body.data['output'] === 'late\n')
    expect(await output('echo mine', id)).toBe('mine\n')
  })

  test.each([
    'stty sane -echo -onlcr',
    'stty olcuc',
    'stty raw',
    'set -a; set -u',
    'read() { :; }; printf() { :; }',
    'IFS=0123456789',
    'trap "echo dbg" DEBUG',
    'shopt -s nocasematch extglob',
  ])('after %j', async (command) => {
    const id = await session(`after ${command}`)
    await exec(command, id)
    for (let n = 0; n < 3; n += 1)
      expect(
        String(await output(`echo said-${n}`, id))
          .toLowerCase()
          .replaceAll('dbg\n', ''),
      ).toBe(`said-${n}\n`)
    await server.del(`/v1/shell/sessions/${encodeURIComponent(id.id)}`)
  })
})

describe('where there is no `script` to make a terminal', () => {
  let bare: Running
  let bin: string
  beforeAll(async () => {
    bin = await pathOf(['bash', 'sleep', 'cat', 'seq', 'mkfifo'])
    bare = await startSandboxServer({ PATH: bin })
  })
  afterAll(async () => {
    await bare.close()
    await rm(bin, { recursive: true, force: true })
  })

  test('commands keep their state, end, fail and are stopped all the same', async () => {
    const run = async (command: string, more: object = {}) => (await bare.post('/v1/shell/exec', { command, ...more })).body.data
    expect(await run('cd /usr; A=1; echo err >&2; test -t 1; echo $?')).toMatchObject({ output: 'err\n1\n', status: 'completed' })
    expect(await run('echo $A $PWD; sleep 60 & echo "')).toMatchObject({ exit_code: 2 })
    expect(await run('echo $A $PWD; sleep 60 &')).toMatchObject({ output: '1 /usr\n', exit_code: 0 })
    expect(await run('while true; do sleep 0.05; done', { hard_timeout: 0.3 })).toMatchObject({ status: 'hard_timeout' })
    expect(await run('sleep 60', { hard_timeout: 0.3 })).toMatchObject({ status: 'hard_timeout' })
    expect(await run('seq 1 3; exit 5')).toMatchObject({ output: '1\n2\n3\n', exit_code: 5 })
    expect(await run('echo $PWD')).toMatchObject({ output: '/usr\n' })
  })
})
