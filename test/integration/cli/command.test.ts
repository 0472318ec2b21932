import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeBridgeFile } from '../../../main/doors/client/bridge-file.ts'
import { runCommandLine } from '../../../main/cli/run-cli.ts'
import { shellLine } from '../../../shared/shell-quote.ts'
import { version } from '../../../main/base/version.ts'
import { openTestBridge, type TestBridge, testToken } from '../../support/bridge.ts'
import { type Ran, type Running, start } from '../../support/spawn-command.ts'
import { type TempDir, tempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

let temp: TempDir
let house: TestBridge
let home: string
beforeAll(async () => {
  temp = await tempDir('cli')
  home = join(temp.path, 'home')
  house = await openTestBridge({ home })
  await mkdir(home)
  const token_file = join(home, 'token')
  await writeFile(token_file, testToken)
  const { url, port } = house.bridge
  await writeBridgeFile(join(home, 'bridge.json'), { url, port, pid: 1, token_file, instance: 'instance-1', version, started_at: new Date().toISOString() })
})
afterAll(async () => {
  await house.close()
  await temp.remove()
})

const begin = (args: readonly string[], input?: string | Buffer): Running =>
  start('bin/berth.mjs', args, { env: { BERTH_HOME: home }, ...(input === undefined ? {} : { input }) })
const berth = async (args: readonly string[], input?: string | Buffer): Promise<Ran> => await begin(args, input).ended
const json = (ran: Ran) => JSON.parse(ran.stdout.toString()) as Record<string, unknown>
const text = (ran: Ran) => ran.stdout.toString()

describe('sandboxes', () => {
  it('acquires with progress on standard error, and one document on standard output', async () => {
    const got = await berth(['acquire', '--thread', 'demo', '--json'])
    expect(got).toMatchObject({ code: 0, stderr: 'making it\n' })
    expect(json(got)).toMatchObject({ thread: 'demo', status: 'active', url: 'http://127.0.0.1:1', holder: 'master' })
    const again = await berth(['acquire', '-t', 'demo', '--holder', 'agent-7'])
    expect(text(again)).toContain(`Sandbox ${String(json(got)['id'])} of thread demo (running already, embedded, bubblewrap)`)
  })

  it('lists, shows, releases, by thread and by id', async () => {
    expect(text(await berth(['ls']))).toMatch(/STATUS.*\nactive +0{15}1 +demo .*master, agent-7\n1 of 3 places taken\.\n$/)
    expect(json(await berth(['--json', 'ls']))).toMatchObject({ counted: 1 })
    expect(text(await berth(['get', '0000000000000001']))).toContain('thread   demo')
    expect(text(await berth(['release', '0000000000000001', '--holder', 'agent-7']))).toBe('Released; the sandbox is active.\n')
    expect(text(await berth(['logs', '-t', 'demo', '--tail', '2']))).toBe('line 1\nline 2\n')
    expect(json(await berth(['logs', '-t', 'demo', '--tail', '2', '--json']))).toEqual({ lines: ['line 1', 'line 2'], truncated: false })
  })

  it('asks before it destroys what somebody else holds, and refuses where nobody can be asked', async () => {
    await berth(['acquire', '--thread', 'demo', '--holder', 'agent-9'])
    const refused = await berth(['destroy', '--thread', 'demo'])
    expect(refused.code).toBe(64)
    expect(refused.stderr).toContain('It is held by agent-9')
    expect(refused.stderr).toContain('--yes')
    expect(json(await berth(['destroy', '--thread', 'demo', '--yes', '--json']))).toEqual({ destroyed: true })
    await berth(['acquire', '--thread', 'own'])
    expect(json(await berth(['destroy', '--thread', 'own', '--json']))).toEqual({ destroyed: true })
  })

  it('follows logs until it is ended', async () => {
    await berth(['acquire', '-t', 'f'])
    const running = begin(['logs', '-t', 'f', '-n', '1', '-f'])
    await eventually('a line came', () => running.stdout() === 'line 1\n')
    running.child.kill('SIGTERM')
    expect((await running.ended).code).toBe(143)
  })
})

const haveX = async () => void (await house.provider.acquire({ user: 'default', thread: 'x', holder: 'master' }))

describe('exec', () => {
  beforeAll(haveX)

  it('streams output and keeps the exit code', async () => {
    const failed = await berth(['exec', '-t', 'x', '--', 'fail', '7'])
    expect(failed).toMatchObject({ code: 7, stderr: 'failing\n' })
    expect(text(await berth(['exec', '-t', 'x', 'say', '-n', '--json', 'a b']))).toBe(`'say' -n --json 'a b'\n`)
    expect(json(await berth(['exec', '-t', 'x', '--json', '--', 'fail', '3']))).toMatchObject({ exit_code: 3, stderr: 'failing\n' })
    expect((await berth(['exec', '-t', 'x', '--timeout', '1', '--', 'wait'])).code).toBe(124)
  })

  it('takes the id first, options before the dashes', async () => {
    const { id } = json(await berth(['get', '-t', 'x', '--json']))
    expect(text(await berth(['exec', String(id), '--cwd', '/tmp', '--', 'say', 'hi']))).toBe(`'say' hi\n`)
    expect(text(await berth(['exec', String(id), 'say', 'hi']))).toBe(`'say' hi\n`)
  })

  it('passes large output on whole, and ends quietly when its reader does', async () => {
    const all = await berth(['exec', '-t', 'x', '--', 'count', '3000'])
    expect(all.code).toBe(0)
    expect(all.stdout.byteLength).toBe(3000 * 1024)
    const cut = begin(['exec', '-t', 'x', '--', 'count', '100000'])
    cut.child.stdout?.once('data', () => cut.child.stdout?.destroy())
    expect(await cut.ended).toMatchObject({ code: 141, stderr: '' })
    await eventually('the command is ended', () => house.provider.running() === 0)
  })

  it('ends the command in the sandbox by SIGINT', async () => {
    const running = begin(['exec', '-t', 'x', '--', 'wait'])
    await eventually('it runs', () => running.stdout() === 'started\n')
    running.child.kill('SIGINT')
    expect((await running.ended).code).toBe(130)
    await eventually('the command is ended', () => house.provider.running() === 0)
  })

  it('ends at once, as if it were one process, when the wrapper for an older Node is killed', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../../bin/berth.mjs'), 'exec', '-t', 'x', '--', 'wait'], {
      env: { ...process.env, BERTH_HOME: home, BERTH_PARENT_FD: '3' },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    const ended = once(child, 'exit')
    await eventually('it runs', () => house.provider.running() === 1)
    expect(child.exitCode).toBeNull()
    // What the system does to the other end of the pipe when the wrapper is gone.
    ;(child.stdio[3] as Socket).destroy()
    expect(await ended).toEqual([null, 'SIGKILL'])
    await eventually('the command is ended', () => house.provider.running() === 0)
  })

  it('gives it standard input', async () => {
    const did = text(await berth(['exec', '-t', 'x', '-i', '--', 'say', 'x'], 'some input'))
    expect(did).toMatch(/^\( exec 0< (\/tmp\/berth-stdin-[a-f0-9]{16}); rm -f \1; 'say' x \)\n$/)
    const path = /\/tmp\/berth-stdin-\w+/.exec(did)?.[0] ?? ''
    expect(text(await berth(['read', '-t', 'x', path]))).toBe('some input')
  })
})

describe('files', () => {
  beforeAll(haveX)

  it('writes and reads bytes as they are, in parts', async () => {
    const bytes = Buffer.alloc(15_000_000, 'abc\u00ff\0')
    const sent = await berth(['write', '-t', 'x', '/w/big', '--json'], bytes)
    expect(json(sent)).toEqual({ path: '/w/big', size: bytes.byteLength })
    expect((await berth(['read', '-t', 'x', '/w/big'])).stdout.equals(bytes)).toBe(true)
    const out = join(temp.path, 'out')
    expect((await berth(['read', '-t', 'x', '/w/big', '-o', out])).code).toBe(0)
    expect((await readFile(out)).equals(bytes)).toBe(true)
  })

  it('makes an empty file, appends, lists, and names what is missing', async () => {
    await berth(['write', '-t', 'x', '/e/a'], '')
    await berth(['write', '-t', 'x', '/e/a', '--append'], 'one')
    await berth(['write', '-t', 'x', '/e/a', '-a'], 'two')
    expect(json(await berth(['read', '-t', 'x', '/e/a', '--json']))).toMatchObject({ content: 'onetwo', encoding: 'utf-8' })
    expect(text(await berth(['files', '-t', 'x', '/e']))).toMatch(/^SIZE +MODIFIED +NAME\n6 B +- +a\n$/)
    const missing = await berth(['read', '-t', 'x', '/e/none'])
    expect(missing.code).toBe(66)
    expect(missing.stderr).toContain('FILE_NOT_FOUND')
    const local = await berth(['write', '-t', 'x', '/e/b', '--file', join(temp.path, 'nothing')])
    expect(local.code).toBe(74)
    expect(local.stderr).toContain('of this machine')
  })

  it('searches as grep does', async () => {
    await berth(['write', '-t', 'x', '/s/a.txt'], 'one\ntwo\nthree\n')
    expect(text(await berth(['search', '-t', 'x', 'thr', '/s']))).toBe('/s/a.txt:3:three\n')
    const cut = await berth(['search', '-t', 'x', '-F', 'e', '/s', '-m', '1', '-g', '*.txt', '-g', '*.md'])
    expect(cut).toMatchObject({ code: 0, stderr: expect.stringContaining('more matches') })
    expect(json(await berth(['search', '-t', 'x', 'e', '/s', '--json']))).toMatchObject({ truncated: false, matches: [{ line: 1 }, { line: 3 }] })
    expect(await berth(['search', '-t', 'x', 'nothing like it', '/s'])).toMatchObject({ code: 1, stderr: '' })
    expect((await berth(['search', '-t', 'x'])).code).toBe(64)
  })
})

describe('what an agent chose', () => {
  const evil = 'a\u001b]0;title\u0007\u001b[31mred\nnext\u202e\u009b1m'
  /** The command in this process, with a terminal or a pipe as its output. */
  async function said(isTTY: boolean, args: readonly string[]): Promise<string> {
    let all = ''
    const sink = () =>
      Object.assign(
        new Writable({
          write: (chunk: Buffer, _encoding, done) => {
            all += chunk.toString()
            done()
          },
        }),
        { isTTY },
      )
    const stdin = Object.assign(Readable.from([]), { isTTY: false })
    const io = {
      env: { BERTH_HOME: home, NO_COLOR: '1' },
      stdin,
      stdout: sink(),
      stderr: sink(),
      onSignal: () => () => undefined,
      exit: (code: number): never => {
        throw new Error(`exit ${code}`)
      },
    }
    const unused = () => Promise.reject(new Error('not here'))
    await runCommandLine(args, io, { engine: unused, provider: unused, mcp: unused, doctor: unused })
    return all
  }

  it.each([
    ['files', ['files', '-t', 'x', '/evil']],
    ['files below', ['files', '-t', 'x', '/evil', '-r']],
    ['search', ['search', '-t', 'x', 'needle', '/evil']],
    ['events', ['events', '-n', '1']],
    ['an error', ['read', '-t', 'x', `/none/${evil}`]],
    ['a failed upload', ['write', '-t', 'x', '/w/x', '-f', `/none/${evil}`]],
  ])('is written out on a terminal, and true in JSON: %s', async (_name, args) => {
    await haveX()
    await berth(['write', '-t', 'x', `/evil/${evil}`], `needle ${evil}`)
    house.events.publish({ type: 'sandbox.active', who: 'client:master', text: `It is called ${evil}` })
    const shown = await said(true, args)
    expect(shown).toContain('\\x1b]0;title\\x07\\x1b[31mred\\nnext\\u{202e}\\x9b1m')
    expect(shown.replaceAll(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(JSON.stringify(JSON.parse(await said(true, [...args, '--json'])))).toContain(JSON.stringify(evil).slice(1, -1))
  })

  it('goes into a pipe as it is, where it is what was asked for', async () => {
    expect(await said(false, ['files', '-t', 'x', '/evil'])).toContain(evil)
    expect(await said(false, ['search', '-t', 'x', 'needle', '/evil'])).toContain(evil.split('\n')[0])
  })
})

describe('the house', () => {
  it('shows status, configuration, threads, events and the doctor', async () => {
    expect(text(await berth(['status']))).toContain('backend    embedded (auto: no container engine answers)')
    expect(text(await berth(['config']))).toMatch(/replicas +3 +default/)
    expect(text(await berth(['threads']))).toMatch(/default +t +2\.0 KiB +2 +\/t/)
    house.events.publish({ type: 'sandbox.active', who: 'client:master', text: 'It is active' })
    expect(text(await berth(['events', '-n', '1']))).toMatch(/sandbox\.active +client:master {2}It is active\n$/)
    expect(await berth(['doctor'])).toMatchObject({ code: 0 })
    const following = begin(['events', '-f', '-n', '1', '--json'])
    await eventually('one came', () => following.stdout().endsWith('}\n'))
    following.child.kill('SIGHUP')
    expect((await following.ended).code).toBe(129)
  })

  it('forgets and shuts down only on a clear word', async () => {
    expect((await berth(['forget', 'old'])).code).toBe(64)
    expect(json(await berth(['forget', 'old', '--yes', '--json']))).toEqual({ deleted: true, bytes: 2048 })
    expect(house.forgotten).toEqual(['default/old by client:master'])
    const refused = await berth(['shutdown', '--json'])
    expect(refused.code).toBe(64)
    expect(json(refused)).toMatchObject({ error: { code: 'BAD_INPUT', next: expect.stringContaining('--yes') } })
    expect(house.stopped).toEqual([])
  })
})

describe.runIf(process.platform === 'linux')('on a terminal', () => {
  /** Runs it on a pseudo-terminal and types the answer when it is asked for. */
  async function typing(answer: string, args: readonly string[]): Promise<{ code: number; screen: string }> {
    const line = shellLine([process.execPath, join(import.meta.dirname, '../../../bin/berth.mjs'), ...args])
    const child = spawn('script', ['-qec', line, '/dev/null'], { env: { ...process.env, BERTH_HOME: home }, stdio: 'pipe' })
    let screen = ''
    child.stdout.on('data', (part: Buffer) => {
      screen += part.toString('utf8')
      if (/\[y\/N\]|Type /.test(screen) && answer !== '') {
        child.stdin.write(answer)
        answer = ''
      }
    })
    const [code] = (await once(child, 'close')) as [number]
    return { code, screen }
  }

  it.each([
    ['n', 'n\r', 75],
    ['Enter', '\r', 75],
    ['Ctrl-C', '\u0003', 75],
    ['Ctrl-D', '\u0004', 75],
    ['y', 'y\r', 0],
  ])('%s at the question', async (_name, answer, code) => {
    await house.provider.acquire({ user: 'default', thread: 'asked', holder: 'agent' })
    const ran = await typing(answer, ['destroy', '-t', 'asked'])
    expect(ran.screen).toContain('It is held by agent. Destroy it all the same?')
    expect(ran.code).toBe(code)
    expect(house.provider.list().sandboxes.some((it) => it.thread === 'asked')).toBe(code !== 0)
  })

  it("wants a thread's name before its files go", async () => {
    expect((await typing('y\r', ['forget', 'gone'])).code).toBe(75)
    expect((await typing('gone\r', ['forget', 'gone'])).code).toBe(0)
    expect(house.forgotten.at(-1)).toBe('default/gone by client:master')
  })
})

describe('use', () => {
  it('says how to start an engine where none runs', async () => {
    const none = ['ls', '--home', join(temp.path, 'none')]
    expect(await berth(none)).toMatchObject({ code: 69, stderr: expect.stringContaining('berth serve') })
    const asJson = await berth([...none, '--json'])
    expect(asJson).toMatchObject({ code: 69, stderr: '' })
    expect(json(asJson)).toMatchObject({ error: { code: 'NOT_RUNNING', retry: true } })
  })

  it.each([
    [['bogus'], 'unknown command'],
    [['ls', '--colour'], 'unknown option'],
    [['get'], 'Which sandbox?'],
    [['get', '-t', 'a', '--id', '0000000000000001'], 'twice'],
    [['get', '-t', 'a', 'b'], 'one operand too many'],
    [['exec', '-t', 'x'], 'The command to run is missing'],
    [['exec', '-t', 'x', '-e', 'A', '--', 'b'], 'NAME=VALUE'],
    [['logs', '-t', 'x', '--tail', 'many'], 'is not a number'],
    [['acquire', '-t', 'a b'], 'A thread id must be'],
    [['read', '-t', 'x', 'relative'], 'absolute'],
  ])('refuses %j with 64', async (args, words) => {
    const [ran, asJson] = await Promise.all([berth(args), berth([args[0] ?? '', '--json', ...args.slice(1)])])
    expect(ran.code).toBe(64)
    expect(ran.stderr).toContain(words)
    expect(asJson).toMatchObject({ code: 64, stderr: '' })
    expect(json(asJson)).toMatchObject({ error: { code: 'BAD_INPUT', message: expect.stringContaining(words) } })
  })

  it('shows examples and exit codes in its help', async () => {
    expect(await berth(['--help'])).toMatchObject({ code: 0 })
    expect(text(await berth(['--help']))).toContain('Exit codes:')
    expect(text(await berth(['help', 'exec']))).toContain("berth exec --thread demo -- sh -c 'echo hi > a; cat a'")
    expect(text(await berth(['--version']))).toBe(`${version}\n`)
  })
})
