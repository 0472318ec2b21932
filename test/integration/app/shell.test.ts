import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { startShell } from '../../../app/boot/start-shell.ts'
import { startEngine } from '../../../main/engine/engine.ts'
import type { Connector } from '../../../renderer/transport/endpoints.ts'
import { portConnector } from '../../../renderer/transport/port-connector.ts'
import { toErrorData } from '../../../shared/errors.ts'
import type { Endpoint } from '../../../shared/wire/endpoint.ts'
import type { Answer, EngineState, PreloadApi } from '../../../shared/wire/preload-api.ts'
import { fakeSystem } from '../../support/fake-system.ts'
import { keepPorts } from '../../support/kept-ports.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'

type Fake = ReturnType<typeof fakeSystem>

const undo: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function newHome(config = ''): Promise<string> {
  const dir = await tempDir('shell')
  undo.push(() => dir.remove())
  const home = join(dir.path, 'home')
  await mkdir(home, { mode: 0o700 })
  await writeFile(join(home, 'config.yaml'), `backend: embedded\n${config}`)
  await keepPorts(home)
  return home
}

/** The whole shell over a replaced Electron, the engine in this process. */
async function boot(options: Parameters<typeof fakeSystem>[0] & { home?: string; argv?: readonly string[] } = {}) {
  const home = options.home ?? (await newHome())
  const fake = fakeSystem(options)
  startShell({
    system: fake.system,
    env: { ...process.env, BERTH_HOME: home },
    here: join(import.meta.dirname, 'out', 'app'),
    resourcesPath: '/nowhere',
    execPath: '/nowhere/berth',
    argv: options.argv ?? [],
  })
  undo.push(async () => {
    if (fake.record.exit !== null) return
    fake.event('session-end')
    await expect.poll(() => fake.record.exit, { timeout: 20_000 }).not.toBeNull()
  })
  return { fake, home }
}

async function opened(fake: Fake): Promise<EngineState> {
  await expect.poll(() => fake.windows.length, { timeout: 20_000 }).toBe(1)
  return await new Promise((resolve) => {
    fake.windows[0]?.page.onEngine((state) => {
      if (state.state === 'open') resolve(state)
    })
  })
}

const page = (fake: Fake) => {
  const first = fake.windows[0]
  if (!first) throw new Error('no window')
  return first.page
}
/** One a load of the page, as the page itself has it. */
const connectors = new WeakMap<PreloadApi, Connector>()
async function endpoint(fake: Fake): Promise<Endpoint> {
  const preload = page(fake)
  const connector = connectors.get(preload) ?? portConnector(preload, (listener) => fake.windows[0]?.ports(listener) ?? (() => undefined))
  connectors.set(preload, connector)
  return await expect
    .poll(() => connector.current())
    .toMatchObject({ state: 'open' })
    .then(() => (connector.current() as { endpoint: Endpoint }).endpoint)
}
async function call(fake: Fake, name: string, input: unknown): Promise<Answer> {
  try {
    return { ok: true, value: await (await endpoint(fake)).call(name as 'status', input as never) }
  } catch (error) {
    return { ok: false, error: toErrorData(error) }
  }
}
const valueOf = <T>(answer: Answer): T => {
  if (!answer.ok) throw new Error(answer.error.message)
  return answer.value as T
}

needs('bubblewrap').describe('the shell, with the engine in this process', () => {
  it("boots: the lock is the home's, the page is confined, calls and topics cross", async () => {
    const { fake, home } = await boot()
    await opened(fake)
    expect(fake.record).toMatchObject({ userData: join(home, 'desktop'), scheme: 'app', origin: 'app://bundle', permissions: ['clipboard-sanitized-write'] })
    expect(fake.windows[0]?.loaded).toEqual(['app://bundle/index.html#/sandboxes'])
    expect(valueOf<{ home: string }>(await call(fake, 'status', {}))).toMatchObject({ home })
    expect(await call(fake, 'get', { id: '0123456789abcdef' })).toMatchObject({ ok: false, error: { code: 'SANDBOX_NOT_FOUND' } })
    expect(await call(fake, 'token_copy', {})).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } })
    expect(await page(fake).native.copyToken()).toEqual({ ok: true, value: null })
    expect(fake.record.copied).toEqual([(await readFile(join(home, 'token'), 'utf8')).trim()])

    const heard: { type: string }[] = []
    ;(await endpoint(fake)).subscribe('state', {}, { event: (event) => void heard.push(event), end: () => undefined })
    await expect.poll(() => heard[0]?.type).toBe('snapshot')
    valueOf(await call(fake, 'acquire', { thread: 'alpha', holder: 'agent' }))
    await expect.poll(fake.labels).toContain('alpha (active)')
    expect(fake.record.tray).toMatchObject({ tooltip: 'Berth: 1 active, 0 warm', icon: expect.stringContaining('tray-active.png') as unknown })
    await expect.poll(() => heard.some(({ type }) => type === 'patch')).toBe(true)
  })

  it('refuses every sender but its own page', async () => {
    const { fake } = await boot()
    await opened(fake)
    const ports: unknown[] = []
    fake.windows[0]?.ports((port) => void ports.push(port))
    for (const sender of [
      { ours: false, mainFrame: true, origin: 'app://bundle' },
      { ours: true, mainFrame: false, origin: 'app://bundle' },
      { ours: true, mainFrame: true, origin: 'http://localhost:7879' },
    ]) {
      fake.tell('berth:pipe', sender)
      expect(await fake.ask('berth:native', ['copyToken'], sender)).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } })
    }
    expect(fake.record.copied).toEqual([])
    expect(ports).toEqual([])
    fake.tell('berth:pipe')
    expect(ports).toHaveLength(1)
  })

  it('asks before it quits while somebody holds a sandbox, and does as told', async () => {
    const { fake, home } = await boot()
    await opened(fake)
    valueOf(await call(fake, 'acquire', { thread: 'alpha', holder: 'agent' }))
    await expect.poll(fake.labels).toContain('alpha (active)')
    fake.answer(/Quit Berth/, 'Cancel')
    fake.click('Quit')
    await expect.poll(() => fake.record.questions.length).toBe(1)
    expect(fake.record.questions[0]?.buttons).toEqual(['Keep running in the tray', 'Shut down all and quit', 'Cancel'])
    expect(fake.record.exit).toBeNull()
    fake.answer(/Quit Berth/, 'Keep running in the tray')
    fake.click('Quit')
    await expect.poll(() => fake.windows[0]?.visible()).toBe(false)
    expect(fake.record.exit).toBeNull()
    fake.answer(/Quit Berth/, 'Shut down all and quit')
    fake.click('File', 'Quit Berth')
    await expect.poll(() => fake.record.exit, { timeout: 20_000 }).toBe(0)
    expect(JSON.parse(await readFile(join(home, 'bridge.json'), 'utf8'))).toMatchObject({ pid: null })
  })

  it('quits without a question when nothing would be lost, and at the end of the login session in any case', async () => {
    const idle = await boot()
    await opened(idle.fake)
    idle.fake.click('Quit')
    await expect.poll(() => idle.fake.record.exit, { timeout: 20_000 }).toBe(0)
    const busy = await boot()
    await opened(busy.fake)
    valueOf(await call(busy.fake, 'acquire', { thread: 'alpha', holder: 'agent' }))
    busy.fake.event('session-end')
    await expect.poll(() => busy.fake.record.exit, { timeout: 20_000 }).not.toBeNull()
    expect([...idle.fake.record.questions, ...busy.fake.record.questions]).toEqual([])
  })

  it('shuts down all from the tray: asks, tells the result, and goes on', async () => {
    const { fake } = await boot()
    await opened(fake)
    valueOf(await call(fake, 'acquire', { thread: 'alpha', holder: 'agent' }))
    await expect.poll(fake.labels).toContain('alpha (active)')
    fake.answer(/^Shut down all 1 sandbox\?$/, 'Shut down')
    fake.click('Shut down all…')
    await expect.poll(() => fake.record.notices.map(({ title }) => title), { timeout: 20_000 }).toEqual(['All sandboxes are shut down'])
    await expect.poll(fake.labels).toContain('0 active, 0 warm')
    expect(valueOf(await call(fake, 'status', {}))).toBeDefined()
  })

  it('closing the window hides it where a tray is, and quits where none is', async () => {
    const { fake } = await boot({ tray: true })
    await opened(fake)
    fake.windows[0]?.close()
    expect(fake.windows[0]?.visible()).toBe(false)
    expect(fake.record.notices.map(({ title }) => title)).toEqual(['Berth goes on'])
    fake.event('second')
    expect(fake.windows[0]?.visible()).toBe(true)
    fake.windows[0]?.close()
    expect(fake.record.notices).toHaveLength(1)

    const bare = await boot({ tray: false })
    await opened(bare.fake)
    bare.fake.windows[0]?.close()
    await expect.poll(() => bare.fake.record.exit, { timeout: 20_000 }).toBe(0)

    const on = await boot({ tray: false, home: await newHome('ui:\n  keep_running: "on"\n') })
    await opened(on.fake)
    await expect
      .poll(
        async () =>
          valueOf<{ values: { key: string; value: unknown }[] }>(await call(on.fake, 'config', {})).values.find(({ key }) => key === 'ui.keep_running')?.value,
      )
      .toBe('on')
    on.fake.windows[0]?.close()
    expect(on.fake.windows[0]?.visible()).toBe(false)
    expect(on.fake.record.exit).toBeNull()
  })

  it('starts in the tray at login, but never out of sight', async () => {
    const hidden = await boot({ tray: true, argv: ['--hidden'] })
    await expect.poll(hidden.fake.labels, { timeout: 20_000 }).toContain('0 active, 0 warm')
    expect(hidden.fake.windows).toEqual([])
    hidden.fake.click('Open')
    expect(hidden.fake.windows).toHaveLength(1)
    const bare = await boot({ tray: false, argv: ['--hidden'] })
    await expect.poll(() => bare.fake.windows.length, { timeout: 20_000 }).toBe(1)
  })

  it("streams files between the sandbox and where a dialog says, and opens only a thread's own directories", async () => {
    const { fake, home } = await boot()
    await opened(fake)
    const { id } = valueOf<{ id: string }>(await call(fake, 'acquire', { thread: 'alpha', holder: 'agent' }))
    const { native } = page(fake)
    const dir = await tempDir('transfer')
    undo.push(() => dir.remove())
    const [large, back] = [join(dir.path, 'large.bin'), join(dir.path, 'back.bin')]
    const bytes = randomBytes(3_000_000)
    await writeFile(large, bytes)
    const told: [number, number][] = []
    const to = { sandbox: id, directory: '/mnt/user-data/workspace' }
    expect(await native.upload(to, [large], (done, total) => void told.push([done, total]))).toEqual({
      ok: true,
      value: ['/mnt/user-data/workspace/large.bin'],
    })
    expect(told.at(-1)).toEqual([3_000_000, 3_000_000])
    expect(told.map(([done]) => done)).toEqual(told.map(([done]) => done).sort((a, b) => a - b))
    const file = { sandbox: id, path: '/mnt/user-data/workspace/large.bin', name: 'large.bin' }
    expect(await native.download(file)).toEqual({ ok: true, value: false })
    fake.save(back)
    expect(await native.download(file)).toEqual({ ok: true, value: true })
    expect((await readFile(back)).equals(bytes)).toBe(true)
    fake.save(join(dir.path, 'none'))
    expect(await native.download({ ...file, path: '/mnt/user-data/workspace/none' })).toMatchObject({ ok: false, error: { code: 'FILE_NOT_FOUND' } })
    expect((await readdir(dir.path)).sort()).toEqual(['back.bin', 'large.bin'])
    expect(await native.upload(to, [], () => undefined)).toEqual({ ok: true, value: [] })

    expect(await native.openDirectory(id, 'outputs')).toEqual({ ok: true, value: true })
    expect(fake.record.opened).toEqual([join(await realpath(home), 'users', 'default', 'threads', 'alpha', 'user-data', 'outputs')])
    expect(await native.openDirectory(id, '../../..')).toMatchObject({ ok: false, error: { code: 'FILE_NOT_FOUND' } })
    const escape = 'rm -r /mnt/user-data/uploads && ln -s ../../../../.. /mnt/user-data/uploads'
    valueOf(await call(fake, 'exec', { thread: 'alpha', command: escape }))
    expect(await native.openDirectory(id, 'uploads')).toMatchObject({ ok: false, error: { code: 'FILE_DENIED' } })
    expect(fake.record.opened).toHaveLength(1)
  })

  it('shows a report of diagnostics before it is saved', async () => {
    const { fake, home } = await boot()
    await opened(fake)
    fake.answer(/Save this report/, 'Cancel')
    fake.click('Help', 'Export diagnostics…')
    await expect.poll(() => fake.record.questions.length, { timeout: 20_000 }).toBe(1)
    const file = join(home, 'report.txt')
    fake.save(file)
    fake.answer(/Save this report/, 'Save…')
    fake.click('Help', 'Export diagnostics…')
    await expect.poll(() => readFile(file, 'utf8').catch(() => ''), { timeout: 20_000 }).not.toBe('')
    expect(await readFile(file, 'utf8')).not.toContain((await readFile(join(home, 'token'), 'utf8')).trim())
    expect(fake.record.errors).toEqual([])
  })

  it('a second one of the same home ends at once', async () => {
    const { fake } = await boot({ first: false })
    expect(fake.record.exit).toBe(0)
    expect(fake.windows).toEqual([])
  })

  it('a page that crashes is loaded again, and a reload gets a pipe of its own', async () => {
    const { fake } = await boot()
    await opened(fake)
    const window = fake.windows[0]
    window?.crash()
    expect(window?.reloads).toBe(1)
    const heard: unknown[] = []
    ;(await endpoint(fake)).subscribe('state', {}, { event: (event) => void heard.push(event), end: () => undefined })
    await expect.poll(() => heard.length).toBeGreaterThan(0)
    for (let n = 0; n < 2; n += 1) window?.crash()
    fake.answer(/keeps failing/, 'Close the window')
    window?.crash()
    await expect.poll(() => fake.record.questions.length).toBe(1)
    expect(window?.reloads).toBe(3)
  })
})

needs('bubblewrap').describe('the shell, attached', () => {
  it('leaves the engine running, loses it, offers to start one and does, dropping what it knew', async () => {
    const home = await newHome()
    const engine = await startEngine({ homeDir: home, env: process.env, log: () => undefined })
    undo.push(async () => void (await engine.close()))
    const { fake } = await boot({ home })
    const first = await opened(fake)
    expect(first).toMatchObject({ instance: engine.instance })
    const states: EngineState[] = []
    page(fake).onEngine((state) => void states.push(state))
    await engine.close()
    await expect.poll(() => states.at(-1)?.state).toBe('lost')
    await expect.poll(fake.labels).toContain('Start Berth here')
    expect(states.at(-1)).toMatchObject({ state: 'lost', offer: true })
    fake.click('Start Berth here')
    await expect.poll(() => states.at(-1)?.state, { timeout: 20_000 }).toBe('open')
    expect(states.at(-1)).not.toMatchObject({ instance: engine.instance })
    expect(valueOf<{ home: string }>(await call(fake, 'status', {}))).toMatchObject({ home })
  })

  it('quits without asking, and the engine goes on', async () => {
    const home = await newHome()
    const engine = await startEngine({ homeDir: home, env: process.env, log: () => undefined })
    undo.push(async () => void (await engine.close()))
    const { fake } = await boot({ home })
    await opened(fake)
    valueOf(await call(fake, 'acquire', { thread: 'alpha', holder: 'agent' }))
    fake.click('Quit')
    await expect.poll(() => fake.record.exit).toBe(0)
    expect(fake.record.questions).toEqual([])
    expect((await engine.call('list', {})).sandboxes).toHaveLength(1)
  })
})
