import { afterAll, beforeAll, expect, it } from 'vitest'
import { resolve } from 'node:path'
import { type MemoryHouse, openMemoryHouse } from '../../support/memory-house.ts'
import { eventually } from '../../support/wait.ts'
import { type Mcp, overHttp, overStdio } from './clients.ts'

const berth = resolve(import.meta.dirname, '..', '..', '..', 'bin', 'berth.mjs')

/** What people see of conversations: a real engine, real clients. */
let rig: MemoryHouse
const clients: Mcp[] = []
beforeAll(async () => {
  rig = await openMemoryHouse()
})
afterAll(async () => {
  for (const client of clients) await client.drop()
  await rig?.close()
})

const opened = async (client: Promise<Mcp>): Promise<Mcp> => {
  clients.push(await client)
  return await client
}
const holders = async () => (await rig.house.engine.call('list', {})).sandboxes.flatMap((it) => it.holders)
const names = async () => (await holders()).map(({ name }) => name).toSorted((a, b) => (a ?? '').localeCompare(b ?? ''))

it('each conversation has a name that people understand: its program and a number, over HTTP and stdio, in every protocol', async () => {
  const url = `${rig.house.engine.url}/mcp`
  const first = await opened(overHttp('handshake', url, rig.token))
  await first.call('sandbox_acquire')
  await (await opened(overHttp('sdk-1', url, rig.token))).call('sandbox_acquire')
  for (const kind of ['handshake', '2026'] as const) {
    const env = { ...(process.env as Record<string, string>), NO_COLOR: '1' }
    const stdio = await opened(overStdio(kind, { command: process.execPath, args: [berth, 'mcp', '--home', rig.house.home], env }))
    const got = await stdio.call('sandbox_acquire')
    expect(got.isError, got.text).toBeFalsy()
  }
  expect(await names()).toEqual([1, 2, 3, 4].map((number) => `berth-test · conversation ${number}`))
  expect((await first.call('sandbox_list')).text).toContain('held by berth-test · conversation 2')
  // Its number is its own: another call, or a sandbox more, changes nothing.
  await first.call('sandbox_acquire', { thread: 'more' })
  expect((await names()).filter((name) => name === 'berth-test · conversation 1')).toHaveLength(2)
})

it('can be renamed, wherever it holds something; without a session there is no conversation to name', async () => {
  const { holder } = (await holders()).find(({ name }) => name === 'berth-test · conversation 1') ?? { holder: '' }
  expect(await rig.house.engine.call('rename_holder', { holder, name: 'the login page' })).toEqual({ renamed: true })
  expect((await names()).filter((name) => name === 'the login page')).toHaveLength(2)
  expect(await rig.house.engine.call('rename_holder', { holder: 'mcp:nobody', name: 'x' })).toEqual({ renamed: false })
  await expect(rig.house.engine.call('rename_holder', { holder, name: 'two\nlines' })).rejects.toMatchObject({ code: 'BAD_INPUT' })
  const loose = await opened(overHttp('2026', `${rig.house.engine.url}/mcp`, rig.token))
  await loose.call('sandbox_acquire', { thread: 'loose' })
  expect((await holders()).find((it) => it.holder === 'mcp:master')).not.toHaveProperty('name')
})

it('a sandbox that is gone is told with its thread: a client that remembers the id learns what to acquire', async () => {
  const { id } = await rig.house.engine.call('acquire', { thread: 'evicted' })
  await rig.house.engine.call('destroy', { thread: 'evicted' })
  await eventually('it is gone', async () => (await rig.house.engine.call('list', {})).sandboxes.every((it) => it.id !== id))
  await expect(rig.house.engine.call('exec', { id, command: 'true' })).rejects.toMatchObject({
    code: 'SANDBOX_NOT_FOUND',
    message: expect.stringContaining('of thread evicted'),
    next: expect.stringContaining('--thread evicted'),
    details: { thread: 'evicted' },
  })
  const { token } = await rig.house.engine.call('token_add', { name: 'other', scope: 'agent', thread_prefix: 'mine-' })
  const answer = await fetch(`${rig.house.engine.url}/berth/v1/get?id=${id}`, { headers: { authorization: `Bearer ${token}` } })
  expect(await answer.text()).not.toContain('evicted')
  const stranger = await rig.house.engine.call('get', { id: 'f'.repeat(16) }).then(
    () => null,
    (error: { next: string }) => error.next,
  )
  expect(stranger).toContain('Acquire its thread again')
})
