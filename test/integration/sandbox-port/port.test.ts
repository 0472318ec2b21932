import { createServer, type Server } from 'node:net'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { portPlan, sandboxPortPlan } from '../../../main/doors/client/port.ts'
import { startEngine } from '../../../main/engine/engine.ts'
import type { Engine } from '../../../main/engine/engine-api.ts'
import { keepPorts } from '../../support/kept-ports.ts'
import { tempDir } from '../../support/temp-dir.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function home(config = ''): Promise<string> {
  const dir = await tempDir('port')
  open.push({ close: () => dir.remove() })
  // Nothing is started in it, so it matters little which.
  await writeFile(join(dir.path, 'config.yaml'), `backend: docker\n${config}`)
  return dir.path
}

async function start(homeDir: string): Promise<Engine> {
  const engine = await startEngine({ homeDir, env: { ...process.env, DOCKER_HOST: 'unix:///nowhere' }, log: () => undefined })
  open.push(engine)
  return engine
}

async function taken(port: number, host = '127.0.0.1'): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => void server.once('error', reject).listen(port, host, resolve))
  open.push({ close: () => new Promise((resolve) => void server.close(resolve)) })
  return server
}

const portsOf = async (dir: string) => JSON.parse(await readFile(join(dir, 'bridge.json'), 'utf8')) as { port: number; sandbox_port: number }

describe('the sandbox port', () => {
  it('is 7879 or the next free one at first, never the one of the bridge, and then the kept one only', () => {
    const first = portPlan({ configured: null, kept: null })
    expect(sandboxPortPlan({ configured: null, kept: null }, first).ports.slice(0, 2)).toEqual([7879, 7880])
    const bridge = portPlan({ configured: 7879, kept: null })
    expect(sandboxPortPlan({ configured: null, kept: null }, bridge).ports[0]).toBe(7880)
    expect(sandboxPortPlan({ configured: null, kept: 9000 }, first)).toMatchObject({ ports: [9000], why: 'kept' })
    expect(sandboxPortPlan({ configured: 9001, kept: 9000 }, first)).toMatchObject({ ports: [9001], why: 'configured' })
    expect(() => sandboxPortPlan({ configured: null, kept: 7879 }, bridge)).toThrow(/cannot both be 7879/)
  })

  it('is kept, and taken later is an error that names who has it and the setting; nothing stays open', async () => {
    const dir = await home()
    await keepPorts(dir)
    const engine = await start(dir)
    const { port, sandbox_port } = await portsOf(dir)
    expect(sandbox_port).not.toBe(port)
    await engine.close()
    const other = await taken(sandbox_port)
    await expect(startEngine({ homeDir: dir, env: { ...process.env, DOCKER_HOST: 'unix:///nowhere' }, log: () => undefined })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`Port ${sandbox_port} is taken by pid ${process.pid}`),
      next: expect.stringContaining('bridge.sandbox_port'),
    })
    await new Promise((resolve) => void other.close(resolve))
    open.splice(open.length - 1, 1)
    await start(dir)
    expect(await portsOf(dir)).toMatchObject({ port, sandbox_port })
  })

  it('and its bridge listen at every address that is named, at one port each', async () => {
    const dir = await home('bridge:\n  listen: ["127.0.0.2", "127.0.0.3"]\n')
    await start(dir)
    const { port, sandbox_port } = await portsOf(dir)
    for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) {
      expect((await fetch(`http://${address}:${port}/health`)).status, address).toBe(200)
      expect((await fetch(`http://${address}:${sandbox_port}/`)).status, address).toBe(404)
    }
    await expect(fetch(`http://127.0.0.4:${port}/health`)).rejects.toThrow()
  })

  it('listens everywhere only where that is written, and says so', async () => {
    const said: string[] = []
    const dir = await home('bridge:\n  listen: ["0.0.0.0"]\n')
    const engine = await startEngine({ homeDir: dir, env: { ...process.env, DOCKER_HOST: 'unix:///nowhere' }, log: (_level, text) => void said.push(text) })
    open.push(engine)
    expect(said.join()).toContain('every network')
    const { port, sandbox_port } = await portsOf(dir)
    expect((await fetch(`http://127.0.0.9:${port}/health`)).status).toBe(200)
    expect((await fetch(`http://127.0.0.9:${sandbox_port}/`)).status).toBe(404)
  })
})
