import { spawn, spawnSync } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Check } from '../../../shared/calls/house-calls.ts'
import { startEngine } from '../../../main/engine/engine.ts'
import { openHome } from '../../../main/house/home/open-home.ts'
import { ensureToken } from '../../../main/house/home/token.ts'
import { writeBridgeFile } from '../../../main/doors/client/bridge-file.ts'
import { runDoctor } from '../../../main/doctor/run-doctor.ts'
import { openTestBridge } from '../../support/bridge.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { within } from '../../support/wait.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const nowhere = 'unix:///berth-no-such-engine.sock'

async function place(): Promise<string> {
  const dir = await tempDir('doctor')
  undo.push(dir.remove)
  return dir.path
}

async function freshHome(): Promise<string> {
  const home = await openHome(join(await place(), 'home'))
  await ensureToken(home)
  return home.path
}

/** All checks by name. Patient, as what is tested is what they find, on a machine that may do ten other things. */
async function doctor(homeDir: string, env: Record<string, string> = {}): Promise<Record<string, Check> & { ok: boolean }> {
  const { DOCKER_HOST: _host, DOCKER_CONTEXT: _context, BERTH_CONFIG: _config, ...rest } = process.env
  const report = await within(60_000, 'doctor', runDoctor({ homeDir, env: { ...rest, ...env }, patience: 30_000 }))
  return { ok: report.ok, ...Object.fromEntries(report.checks.map((check) => [check.name, check])) } as never
}

async function listen(at: string | number): Promise<Server> {
  const server = createServer(() => undefined)
  server.listen(typeof at === 'number' ? { port: at, host: '127.0.0.1' } : { path: at })
  await once(server, 'listening')
  undo.push(() => server.close())
  return server
}

/** Every path below a directory, with its content. */
async function contents(dir: string): Promise<Record<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const rows = await Promise.all(
    entries.map(async (it) => {
      const path = join(it.parentPath, it.name)
      return [path, it.isFile() ? await readFile(path, 'utf8') : ''] as const
    }),
  )
  return Object.fromEntries(rows)
}

describe('a home', () => {
  it('that is not there yet is not made', async () => {
    const parent = await place()
    const found = await doctor(join(parent, 'home'), { DOCKER_HOST: nowhere })
    expect(found['permissions']).toMatchObject({ status: 'ok', text: expect.stringContaining('no home yet') })
    expect(await readdir(parent)).toEqual([])
    expect(await doctor(join(parent, 'a/home'), { DOCKER_HOST: nowhere })).toMatchObject({
      ok: false,
      permissions: { status: 'fail', fix: `mkdir -p ${join(parent, 'a')}` },
    })
  })

  it('is left as it was, every file of it', async () => {
    const home = await freshHome()
    const before = await contents(home)
    const found = await doctor(home, { DOCKER_HOST: nowhere })
    expect(found['permissions']).toMatchObject({ status: 'ok', text: expect.stringContaining('Writing and renaming there work') })
    expect(await contents(home)).toEqual(before)
  })

  it('that everybody may write in, or whose token others may read', async () => {
    const home = await freshHome()
    await chmod(join(home, 'token'), 0o644)
    expect((await doctor(home, { DOCKER_HOST: nowhere }))['permissions']).toMatchObject({ status: 'warn', fix: `chmod 0600 ${join(home, 'token')}` })
    await chmod(home, 0o777)
    expect((await doctor(home, { DOCKER_HOST: nowhere }))['permissions']).toMatchObject({
      status: 'fail',
      fix: `chmod 0700 ${home}\nchmod 0600 ${join(home, 'token')}`,
    })
  })

  it('whose slots are a symbolic link', async () => {
    const home = await freshHome()
    const other = await place()
    await rename(join(home, 'slots'), join(other, 'slots'))
    await symlink(join(other, 'slots'), join(home, 'slots'))
    expect((await doctor(home, { DOCKER_HOST: nowhere }))['late-binding']).toMatchObject({ status: 'warn', text: expect.stringContaining('symbolic link') })
  })

  it('with a configuration that is wrong: said at its line, and all else is measured all the same', async () => {
    const home = await freshHome()
    await writeFile(join(home, 'config.yaml'), 'idle_timeout: 60\nreplicas: many\n')
    const found = await doctor(home, { DOCKER_HOST: nowhere })
    expect(found['config']).toMatchObject({ status: 'fail', text: expect.stringContaining('config.yaml:2:11') })
    expect(found['permissions']?.status).toBe('ok')
    await writeFile(join(home, 'config.yaml'), 'replica: 3\n')
    expect((await doctor(home, { DOCKER_HOST: nowhere }))['config']).toMatchObject({ status: 'warn', text: expect.stringContaining('replica') })
    await writeFile(join(home, 'config.yaml'), 'mounts:\n  - { host_path: /berth-no-such-directory, container_path: /mnt/x }\n')
    expect((await doctor(home, { DOCKER_HOST: nowhere }))['config']).toMatchObject({
      status: 'fail',
      text: expect.stringContaining('/berth-no-such-directory'),
    })
  })
})

describe('an engine that does not answer', () => {
  it('because DOCKER_HOST points nowhere', async () => {
    const home = await freshHome()
    await writeFile(join(home, 'config.yaml'), 'backend: docker\n')
    const found = await doctor(home, { DOCKER_HOST: nowhere })
    expect(found.ok).toBe(false)
    expect(found['engine']).toMatchObject({ status: 'fail', text: expect.stringContaining(nowhere), fix: expect.stringContaining('unset DOCKER_HOST') })
    expect(found['image']?.status).toBe('skip')
    expect(found['leftovers']?.status).toBe('skip')
  })

  it('in a home that has used one before', async () => {
    const home = await freshHome()
    await writeFile(join(home, 'backend'), 'docker\n')
    expect((await doctor(home, { DOCKER_HOST: 'tcp://127.0.0.1:1' }))['engine']?.status).toBe('fail')
  })

  it('though it takes connections', async () => {
    const home = await freshHome()
    const socket = join(await place(), 'mute.sock')
    await listen(socket)
    const found = await doctor(home, { DOCKER_HOST: `unix://${socket}` })
    expect(found['engine']).toMatchObject({ text: expect.stringMatching(/did not answer within/) })
    expect(found['engine']?.status).not.toBe('ok')
    expect(found['permissions']?.status).toBe('ok')
  })
})

describe('the port', () => {
  const bridgeAt = (home: string, port: number, pid: number | null) =>
    writeBridgeFile(join(home, 'bridge.json'), {
      url: `http://127.0.0.1:${port}`,
      pid,
      port,
      token_file: join(home, 'token'),
      instance: 'before',
      version: '0.1.0',
      started_at: '2026-01-01T00:00:00.000Z',
    })

  it('that clients know is taken by another program', async () => {
    const home = await freshHome()
    const server = await listen(0)
    const { port } = server.address() as { port: number }
    await bridgeAt(home, port, null)
    const found = await doctor(home, { DOCKER_HOST: nowhere })
    const who = process.platform === 'linux' ? `pid ${process.pid}` : 'taken by'
    expect(found['ports']).toMatchObject({ status: 'fail', text: expect.stringContaining(who), fix: expect.stringContaining('bridge.port') })
  })

  it('has the Berth of another home behind it', async () => {
    const home = await freshHome()
    const other = await openTestBridge()
    undo.push(() => other.close())
    await bridgeAt(home, other.bridge.port, 1)
    const found = await doctor(home, { DOCKER_HOST: nowhere })
    expect(found['ports']).toMatchObject({ status: 'fail', text: expect.stringContaining('the Berth of another home') })
    expect(found['berth']).toMatchObject({ status: 'warn', text: expect.stringContaining('stale') })
  })

  it('has this home’s own Berth behind it', async () => {
    const home = await freshHome()
    const token = (await readFile(join(home, 'token'), 'utf8')).trim()
    const own = await openTestBridge({ token, home })
    undo.push(() => own.close())
    await bridgeAt(home, own.bridge.port, process.pid)
    const found = await doctor(home, { DOCKER_HOST: nowhere })
    expect(found['ports']).toMatchObject({ status: 'ok', text: expect.stringContaining("this home's own") })
    expect(found['berth']).toMatchObject({ status: 'ok', text: expect.stringContaining(own.bridge.url) })
  })

  it('is free, and the one who had it was killed', async () => {
    const home = await freshHome()
    const server = await listen(0)
    const { port } = server.address() as { port: number }
    server.close()
    await once(server, 'close')
    await bridgeAt(home, port, spawnSync(process.execPath, ['-e', '']).pid)
    const found = await doctor(home, { DOCKER_HOST: nowhere })
    expect(found['ports']?.status).toBe('ok')
    expect(found['berth']).toMatchObject({ status: 'warn', text: expect.stringMatching(/stale.*killed/) })
  })
})

needs('docker', 'lite-image').describe('with a container engine', () => {
  it('measures it with containers of its own, and leaves none and no file', async () => {
    const home = await freshHome()
    const before = await contents(home)
    const found = await doctor(home)
    expect(found['engine']).toMatchObject({ status: 'ok', text: expect.stringMatching(/answers in \d+ ms/) })
    expect(found['image']).toMatchObject({ text: expect.stringContaining('berth-lite') })
    expect(found['image']?.status).not.toBe('fail')
    expect(found['engine-files']).toMatchObject({ status: 'ok', text: expect.stringContaining('sees this machine') })
    expect(found['late-binding']).toMatchObject({ status: 'ok', text: expect.stringContaining('kept its files') })
    expect(found['leftovers']).toMatchObject({ text: expect.stringMatching(/^0 containers of this home/) })
    expect(await contents(home)).toEqual(before)
    const left = spawnSync('docker', ['ps', '-aq', '--filter', `label=berth.home=${home}`], { encoding: 'utf8' })
    expect(left).toMatchObject({ status: 0, stdout: '' })
  })

  it('says that a configured image is not to be had, and fetches nothing', async () => {
    const home = await freshHome()
    const image = 'localhost:1/berth-no-such-image:1'
    await writeFile(join(home, 'config.yaml'), `image: ${image}\n`)
    expect((await doctor(home))['image']).toMatchObject({ status: 'fail', text: expect.stringContaining(image) })
  })

  it('names a container of this installation whose home is gone, and leaves it alone', async () => {
    const home = await freshHome()
    const { id } = JSON.parse(await readFile(join(home, 'installation'), 'utf8')) as { id: string }
    const name = `doctor-${id.slice(0, 8)}`
    const labels = [`berth.installation=${id}`, 'berth.id=0123456789abcdef', `berth.home=${home}-before`].flatMap((label) => ['--label', label])
    undo.push(() => spawnSync('docker', ['rm', '-f', name]))
    expect(spawnSync('docker', ['create', '--name', name, ...labels, 'berth-lite'], { encoding: 'utf8' })).toMatchObject({ status: 0 })
    expect((await doctor(home))['leftovers']).toMatchObject({ status: 'warn', fix: `docker rm -f ${name}`, text: expect.stringContaining(`${home}-before`) })
    expect(spawnSync('docker', ['inspect', name])).toMatchObject({ status: 0 })
  })
})

needs('bubblewrap').describe('asked of a running engine', () => {
  it('finds that engine, its port, and itself', async () => {
    const home = await freshHome()
    await writeFile(join(home, 'config.yaml'), 'backend: embedded\n')
    const engine = await startEngine({ homeDir: home, env: { ...process.env, DOCKER_HOST: nowhere }, log: () => undefined })
    undo.push(() => engine.close())
    const { checks } = await within(30_000, 'doctor', engine.call('doctor', {}))
    const found = Object.fromEntries(checks.map((check) => [check.name, check]))
    expect(found['berth']).toMatchObject({ status: 'ok', text: expect.stringContaining(`pid ${process.pid}`) })
    expect(found['ports']).toMatchObject({ status: 'ok', text: expect.stringContaining(`${engine.port} is this home's own`) })
    expect(found['isolation']?.status).toBe('ok')
    expect(found['engine']).toMatchObject({ status: 'skip', fix: null })
    await engine.close()
    expect((await doctor(home, { DOCKER_HOST: nowhere }))['berth']).toMatchObject({ status: 'ok', text: expect.stringContaining('does not run') })
  })
})

needs('root', 'docker').describe('as an ordinary user', () => {
  it('who may not use the engine, nor enter the home', async () => {
    const home = await freshHome()
    await chmod(join(home, '..'), 0o755)
    const found = await asNobody(home)
    expect(found['permissions']).toMatchObject({
      status: 'fail',
      text: expect.stringContaining('belongs to uid 0, and you are uid 65534'),
      fix: expect.stringContaining(`chown -R 65534 ${home}`),
    })
    expect(found['engine']).toMatchObject({
      text: expect.stringContaining('may not talk to the container engine'),
      fix: expect.stringContaining('usermod -aG'),
    })
    expect(found['engine']?.status).not.toBe('ok')
  })

  it('whose home would be where he may not write', async () => {
    const parent = await place()
    await mkdir(join(parent, 'of-root'), { mode: 0o755 })
    await chmod(parent, 0o755)
    expect((await asNobody(join(parent, 'of-root/home')))['permissions']).toMatchObject({
      status: 'fail',
      text: expect.stringContaining('not writable'),
      fix: expect.stringContaining('BERTH_HOME'),
    })
  })
})

/** In a process of its own, which gives up being root before it measures: the tree itself may be root's alone. */
async function asNobody(homeDir: string): Promise<Record<string, Check>> {
  const module = new URL('../../../main/doctor/run-doctor.ts', import.meta.url).href
  const program = `
    import { runDoctor } from ${JSON.stringify(module)}
    process.setgroups([]); process.setgid(65534); process.setuid(65534)
    process.stdout.write(JSON.stringify(await runDoctor({ homeDir: ${JSON.stringify(homeDir)}, env: { PATH: process.env.PATH }, patience: 30000 })))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
  })
  undo.push(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  await within(60_000, 'doctor as nobody', once(child, 'close'))
  const { checks } = JSON.parse(text) as { checks: Check[] }
  return Object.fromEntries(checks.map((check) => [check.name, check]))
}
