import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BridgeClient, connect } from '../../../main/doors/client/client.ts'
import { openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually, within } from '../../support/wait.ts'
import { kinds, type Mcp, overStdio } from './clients.ts'
import { toolsContract } from './tools-contract.ts'

const berth = resolve(import.meta.dirname, '..', '..', '..', 'bin', 'berth.mjs')
const server = (home: string, ...args: string[]) => ({
  command: process.execPath,
  args: [berth, 'mcp', '--home', home, ...args],
  env: { ...(process.env as Record<string, string>), NO_COLOR: '1' },
})

const handshake = (version: string) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: version, capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
})

/** The command with its pipes in our hands. */
function raw(home: string, ...args: string[]) {
  const { command, args: all, env } = server(home, ...args)
  const child = spawn(command, all, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const lines: string[] = []
  let stderr = ''
  createInterface({ input: child.stdout }).on('line', (line) => void lines.push(line))
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString('utf8')
  })
  const say = (message: unknown) => void child.stdin.write(`${JSON.stringify(message)}\n`)
  return {
    child,
    lines,
    stderr: () => stderr,
    ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    say,
    async ask(message: { id: number }) {
      say(message)
      return await eventually(`an answer to ${message.id}`, () =>
        lines.map((line) => JSON.parse(line) as { id?: number; result?: Record<string, unknown> }).find(({ id }) => id === message.id),
      )
    },
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

describe('berth mcp', () => {
  let dir: TempDir
  beforeAll(async () => {
    dir = await tempDir('mcp')
  })
  afterAll(async () => await dir.remove())

  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
    'agrees on %s, touches nothing before the first call, and goes with its input',
    async (version) => {
      const home = join(dir.path, version)
      const process = raw(home)
      const hello = await process.ask(handshake(version))
      expect(hello.result).toMatchObject({ protocolVersion: version, serverInfo: { name: 'berth' }, capabilities: { tools: {} } })
      process.say({ jsonrpc: '2.0', method: 'notifications/initialized' })
      const listed = await process.ask({ jsonrpc: '2.0', id: 2, method: 'tools/list' } as { id: number })
      expect(listed.result?.['tools']).toHaveLength(9)
      expect(await exists(home)).toBe(false)
      process.child.stdin.end()
      expect(await within(20_000, 'its end', process.ended)).toEqual([0, null])
      expect(process.stderr()).toBe(
        `berth mcp: for the home ${home} (another one: --home, or BERTH_HOME in the client's settings)\n` +
          'berth mcp: no engine runs there; the first call makes this process the engine\n',
      )
    },
  )

  it('answers server/discover, as the protocol of 2026 begins', async () => {
    const process = raw(join(dir.path, 'discover'))
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const found = await process.ask({ jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta: meta } } as { id: number })
    expect(found.result).toMatchObject({ supportedVersions: ['2026-07-28'] })
    process.child.stdin.end()
    expect(await within(20_000, 'its end', process.ended)).toEqual([0, null])
  })

  it('--no-start: without an engine a tool says how to start one', async () => {
    const process = raw(join(dir.path, 'none'), '--no-start')
    await process.ask(handshake('2025-11-25'))
    const called = await process.ask({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'command_run', arguments: { command: 'true' } } } as {
      id: number
    })
    expect(called.result).toMatchObject({ isError: true, _meta: { 'berth/error': { code: 'NOT_RUNNING', retry: true } } })
    expect(JSON.stringify(called.result)).toContain('berth serve')
    process.child.stdin.end()
    expect(await within(20_000, 'its end', process.ended)).toEqual([0, null])
  })

  it('ends in order by a signal, and refuses a thread that is none', async () => {
    const process = raw(join(dir.path, 'signal'))
    await process.ask(handshake('2025-11-25'))
    process.child.kill('SIGTERM')
    expect(await within(20_000, 'its end', process.ended)).toEqual([143, null])
    const [code] = await raw(join(dir.path, 'bad'), '--thread', '../x').ended
    expect(code).toBe(64)
  })
})

needs('bubblewrap').describe('berth mcp is the engine where none runs', () => {
  describe.each(kinds)('%s', (kind) => {
    let home: TempDir
    let mcp: Mcp
    let engine: BridgeClient
    beforeAll(async () => {
      home = await tempDir('mcp')
      await writeFile(join(home.path, 'config.yaml'), 'backend: embedded\nspares: 0\n')
      mcp = await overStdio(kind, server(home.path))
    })
    afterAll(async () => {
      await mcp?.drop()
      await home?.remove()
    })

    const client = async () => (engine ??= await connect(home.path))
    const list = async () => (await (await client()).call('list', {})).sandboxes

    toolsContract(() => ({
      mcp,
      at: {},
      sandboxes: list,
      async inside(command) {
        const id = (await list())[0]?.id
        return (await (await client()).call('exec', { id, command })).stdout.trim()
      },
    }))

    it('its end is the end of the engine and of its sandboxes', async () => {
      const held = await list()
      expect(held).toMatchObject([{ status: 'active', holders: [{ holder: expect.stringMatching(/^mcp:/) }] }])
      engine.close()
      await mcp.end()
      await eventually(
        'nobody answers',
        async () =>
          await connect(home.path).then(
            () => false,
            () => true,
          ),
      )
    })
  })
})

needs('docker', 'lite-image').describe('berth mcp beside a running engine', () => {
  it('two clients of one thread are two holders; each gives back its own, and the engine goes on', async () => {
    const house = await openHouse()
    try {
      const one = await overStdio('handshake', server(house.home, '--thread', 'shared'))
      const two = await overStdio('2026', server(house.home, '--thread', 'shared', '--no-start'))
      await one.call('file_write', { path: '/mnt/user-data/workspace/a', content: 'from one' })
      expect((await two.call('file_read', { path: '/mnt/user-data/workspace/a' })).data['content']).toBe('from one')
      const holders = async () => (await house.engine.call('get', { thread: 'shared' })).holders
      expect(await holders()).toHaveLength(2)
      const third = raw(house.home)
      await third.ask(handshake('2025-11-25'))
      expect(third.stderr()).toContain(`berth mcp: the engine at ${house.engine.url} (pid ${process.pid})`)
      third.child.stdin.end()
      await within(20_000, 'its end', third.ended)
      await one.end()
      await eventually('the first is gone', async () => (await holders()).length === 1)
      await two.end()
      await eventually('both are gone', async () => (await house.engine.call('get', { thread: 'shared' })).status === 'warm')
    } finally {
      await house.close()
    }
  })

  it('an engine that is gone is told, and found again by the next call', async () => {
    let house = await openHouse()
    try {
      const mcp = await overStdio('handshake', server(house.home, '--no-start', '--thread', 't'))
      expect((await mcp.call('command_run', { command: 'echo 1' })).data['stdout']).toBe('1\n')
      house = await house.reopen()
      const calls = [await mcp.call('command_run', { command: 'echo 2' }), await mcp.call('command_run', { command: 'echo 3' })]
      expect(calls[0]?.isError ? calls[0].meta['berth/error'] : { code: 'NOT_RUNNING' }).toMatchObject({ code: 'NOT_RUNNING' })
      expect(calls[1]?.data['stdout'], calls[1]?.text).toBe('3\n')
      await mcp.end()
    } finally {
      await house.close()
    }
  })
})
