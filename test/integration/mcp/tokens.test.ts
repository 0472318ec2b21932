import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openTestBridge, type TestBridge } from '../../support/bridge.ts'
import { eventually, within } from '../../support/wait.ts'
import { kinds, type Mcp, overHttp } from './clients.ts'

let house: TestBridge
const tokens: Record<string, string> = {}
let clients: Mcp[] = []

beforeAll(async () => {
  house = await openTestBridge()
})
afterEach(async () => {
  for (const client of clients) await client.drop()
  clients = []
})
afterAll(async () => await house.close())

async function add(name: string, bounds: { thread_prefix?: string; user?: string } = {}): Promise<void> {
  const row = { name, scope: 'agent' as const, thread_prefix: bounds.thread_prefix ?? null, user: bounds.user ?? null }
  tokens[name] = (await house.tokens.add(row, 'client:master')).token
}

async function client(name: string, kind: (typeof kinds)[number] = 'handshake'): Promise<Mcp> {
  const made = await overHttp(kind, `${house.bridge.url}/mcp`, tokens[name] ?? '')
  clients.push(made)
  return made
}

const holders = () => house.provider.list().sandboxes.flatMap((it) => it.holders.map(({ holder }) => holder))

describe('an agent of its own token', () => {
  it.each(kinds)('works under threads of its bounds, and no other (%s)', async (kind) => {
    await add(`a-${kind}`, { thread_prefix: 'a-', user: 'ann' })
    const mcp = await client(`a-${kind}`, kind)
    const { thread, user } = (await mcp.call('sandbox_acquire')).data as { thread: string; user: string }
    expect(thread).toMatch(/^a-mcp-/)
    expect(user).toBe('ann')
    expect((await mcp.call('command_run', { thread, command: 'hello' })).data['stdout']).toBe('hello\n')
    for (const name of ['sandbox_acquire', 'sandbox_destroy']) {
      expect(await mcp.call(name, { thread: 'b-1' }), name).toMatchObject({ isError: true, meta: { 'berth/error': { code: 'FORBIDDEN' } } })
    }
    expect(await mcp.call('command_run', { thread: 'b-1', command: 'steal' })).toMatchObject({ isError: true })
    await mcp.call('sandbox_release', { thread })
  })

  it('a prefix as long as a thread may be is a thread', async () => {
    await add('long', { thread_prefix: 'l'.repeat(60) })
    const { thread } = (await (await client('long')).call('sandbox_acquire')).data as { thread: string }
    expect(thread).toMatch(/^l{60}[0-9a-f]{4}$/)
  })

  it("cannot use another's session, even if it knows its id", async () => {
    await add('one')
    await add('two')
    const ask = (name: string, body: unknown, session?: string) =>
      fetch(`${house.bridge.url}/mcp`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tokens[name]}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...(session === undefined ? {} : { 'mcp-session-id': session }),
        },
        body: JSON.stringify(body),
      })
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } }
    const session = (await ask('one', { jsonrpc: '2.0', id: 0, method: 'initialize', params })).headers.get('mcp-session-id') ?? ''
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    expect((await ask('two', list, session)).status).toBe(404)
    expect((await ask('one', list, session)).status).toBe(200)
  })

  it.each(kinds)('that is revoked loses its command, its session and its holds (%s)', async (kind) => {
    await add(`gone-${kind}`)
    const mcp = await client(`gone-${kind}`, kind)
    const before = holders().length
    const call = mcp.call('command_run', { thread: `gone-${kind}`, command: 'wait' }).then(
      (answer) => (answer.isError === true ? 'failed' : 'answered'),
      () => 'failed',
    )
    await eventually('it runs', () => house.provider.running() === 1)
    await house.tokens.revoke(`gone-${kind}`, 'client:master')
    await eventually('the command is ended', () => house.provider.running() === 0)
    if (kind !== '2026') {
      expect(await within(20_000, 'an answer', call)).toBe('failed')
      await eventually('nothing is held', () => holders().length === before)
    }
    await expect(mcp.call('sandbox_list')).rejects.toThrow()
  })
})
