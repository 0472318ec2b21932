import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Ran, type Running, start } from '../../support/spawn-command.ts'
import { type TempDir, tempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

const entry = fileURLToPath(new URL('../../support/cli-entry.ts', import.meta.url))

let temp: TempDir
const started: Running[] = []
beforeAll(async () => {
  temp = await tempDir('serve')
})
afterEach(async () => {
  for (const it of started.splice(0)) {
    it.child.kill('SIGKILL')
    await it.ended
  }
})
afterAll(async () => await temp.remove())

function berth(home: string, args: readonly string[], env: Record<string, string> = {}): Running {
  const running = start(entry, args, { env: { BERTH_HOME: join(temp.path, home), ...env } })
  started.push(running)
  return running
}

async function serving(home: string, env: Record<string, string> = {}): Promise<Running> {
  const running = berth(home, ['serve'], env)
  await eventually('it greets', () => running.stdout().includes('Ctrl-C'))
  return running
}

describe('serve', () => {
  it('says where it listens and how to make the first call', async () => {
    const running = await serving('greets')
    expect(running.stdout()).toMatch(
      /^Berth listens on http:\/\/127\.0\.0\.1:\d+\n {2}home {5}.*greets\n {2}backend {2}embedded: no container engine answers\n/,
    )
    expect(running.stdout()).toContain('berth acquire --thread demo')
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('closes in order by %s, and one press counts once', async (name) => {
    const running = await serving(`ends-${name}`, { BERTH_TEST_CLOSE: '100' })
    running.child.kill(name)
    running.child.kill(name)
    const ran = await running.ended
    expect(ran).toMatchObject({ code: 0, signal: null })
    expect(ran.stderr).toContain('Berth has stopped.')
  })

  it('says what it could not end, and that by its exit code', async () => {
    const running = await serving('leaves', { BERTH_TEST_LEFT: JSON.stringify([{ id: 'berth-slot-1', error: 'the container engine does not answer' }]) })
    running.child.kill('SIGTERM')
    const ran = await running.ended
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('berth-slot-1 could not be ended: the container engine does not answer')
    expect(ran.stderr).not.toContain('Berth has stopped.')
  })

  it('does not wait when it is told a second time', async () => {
    const running = await serving('hurries', { BERTH_TEST_CLOSE: '600000' })
    running.child.kill('SIGINT')
    await eventually('it says so', () => running.stderr().includes('Once more'))
    const ran = await eventually('it is gone', async () => {
      running.child.kill('SIGTERM')
      return await Promise.race([running.ended, new Promise<undefined>((resolve) => setTimeout(resolve, 200, undefined))])
    })
    expect(ran.code).toBe(143)
  })

  it('beside a running one says where that is, and both go on', async () => {
    const first = await serving('twice')
    const second = await berth('twice', ['serve']).ended
    expect(second.code).toBe(0)
    expect(second.stdout.toString()).toMatch(/^Berth already runs for this home: http:\/\/127\.0\.0\.1:\d+\n/)
    const asJson = await berth('twice', ['serve', '--json']).ended
    expect(JSON.parse(asJson.stdout.toString())).toMatchObject({ attached: true, instance: 'instance-1' })
    expect((await berth('twice', ['ls', '--json']).ended).code).toBe(0)
    expect(first.child.exitCode).toBeNull()
  })

  it('goes on when nobody is left to read what it says', async () => {
    const running = await serving('unread')
    running.child.stdout?.destroy()
    running.child.stderr?.destroy()
    // An error that nobody foresaw makes it say something.
    expect((await berth('unread', ['acquire', '-t', 'broken']).ended).code).toBe(70)
    expect((await berth('unread', ['acquire', '-t', 'fine']).ended).code).toBe(0)
    running.child.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0 })
  })

  it('ends by a shutdown call, after the answer', async () => {
    const running = await serving('called')
    const done: Ran = await berth('called', ['shutdown', '--yes']).ended
    expect(done).toMatchObject({ code: 0 })
    expect(done.stdout.toString()).toBe('0 sandboxes ended; Berth stops.\n')
    expect((await running.ended).code).toBe(0)
  })
})

describe('open', () => {
  /** A desktop whose opener writes down what it was given. */
  async function desktop(): Promise<{ env: Record<string, string>; file: string }> {
    const bin = join(temp.path, 'bin')
    const file = join(temp.path, 'opened')
    await mkdir(bin, { recursive: true })
    await writeFile(join(bin, 'xdg-open'), `#!/bin/sh\nprintf '%s' "$*" > ${file}\n`, { mode: 0o755 })
    return { file, env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, DISPLAY: ':77' } }
  }
  const link = /^http:\/\/127\.0\.0\.1:\d+\/#login=[\w-]{22,}$/

  it('prints a new link each time, and `serve` one where it greets', async () => {
    const running = await serving('open')
    const printed = [running.stdout(), ...(await Promise.all([1, 2].map(async () => (await berth('open', ['open', '--print']).ended).stdout.toString())))]
    const links = printed.map((text) => /http:\S+#login=\S+/.exec(text)?.[0] ?? text)
    for (const it of links) expect(it).toMatch(link)
    expect(new Set(links).size).toBe(3)
    const ran = await berth('open', ['open', '--json'], { DISPLAY: ':77' }).ended
    expect(JSON.parse(ran.stdout.toString())).toMatchObject({ url: expect.stringMatching(link) as string, expires_at: expect.any(String) as string })
    expect(ran.stderr).toBe('')
  })

  it.runIf(process.platform === 'linux')('opens it where there is a display, unless it is only to print it', async () => {
    await serving('opens')
    const { env, file } = await desktop()
    const printing = await berth('opens', ['open', '--print'], env).ended
    expect(printing.stderr).toBe('It logs one browser in, once, within 5 minutes.\n')
    const ran = await berth('opens', ['open'], env).ended
    expect(ran.stderr).toMatch(/^Opening it in a browser\./)
    const wanted = ran.stdout.toString().trim()
    await eventually('it was opened', async () => (await readFile(file, 'utf8')) === wanted)
  })

  it('says how to start Berth where none runs', async () => {
    const ran = await berth('nobody', ['open']).ended
    expect(ran.code).toBe(69)
    expect(ran.stderr).toContain('berth serve')
  })
})

describe('doctor', () => {
  it('looks for itself where no engine runs, and exits with 1 where something fails', async () => {
    const ran = await berth('no-engine', ['doctor']).ended
    expect(ran.code).toBe(1)
    expect(ran.stdout.toString()).toMatch(/^fail {2}engine {2}none answers\n +fix: apt-get install docker\.io\n/)
  })
})
