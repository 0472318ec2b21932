import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallRow } from '../../../shared/call.ts'
import { calls } from '../../../shared/contract.ts'
import { openTestBridge, type TestBridge, testToken } from '../../support/bridge.ts'
import { rawHttp } from '../../support/raw-http.ts'

let house: TestBridge
/** By client: `a` has the prefix `a-`, `b` the prefix `b-`, `short` the prefix `a`, `ann` is the user ann's, `free` has no bounds. */
const tokens: Record<string, string> = {}
/** Ids of what is there. */
const ids: Record<string, string> = {}
const nobodysId = 'ffffffffffffffff'

beforeAll(async () => {
  house = await openTestBridge()
  for (const [name, thread_prefix, user] of [
    ['a', 'a-', null],
    ['b', 'b-', null],
    ['short', 'a', null],
    ['ann', null, 'ann'],
    ['free', null, null],
  ] as const) {
    tokens[name] = (await house.tokens.add({ name, scope: 'agent', thread_prefix, user }, 'client:master')).token
  }
  tokens['boss'] = (await house.tokens.add({ name: 'boss', scope: 'operator', thread_prefix: null, user: null }, 'client:master')).token
  tokens['master'] = testToken
  for (const [client, thread, user] of [
    ['a', 'a-1', 'default'],
    ['b', 'b-1', 'default'],
    ['ann', 'x-1', 'ann'],
    ['master', 'm-1', 'default'],
    ['master', 'a-1', 'ann'],
  ] as const) {
    ids[`${user}/${thread}`] = String((await call(client, 'acquire', { thread, user })).body['id'])
  }
  for (const client of ['a', 'b']) ids[`anonymous of ${client}`] = String((await call(client, 'acquire', {})).body['id'])
  ids['anonymous of b, held by another name'] = String((await call('b', 'acquire', { holder: 'a' })).body['id'])
})
afterAll(async () => await house.close())

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly text: string
}

async function ask(token: string, name: string, input: unknown): Promise<Answer> {
  const response = await fetch(`${house.bridge.url}/berth/v1/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(input),
  })
  const text = await response.text()
  return { status: response.status, body: JSON.parse(text) as Record<string, unknown>, text }
}
const call = async (client: string, name: string, input: unknown): Promise<Answer> => await ask(tokens[client] ?? '', name, input)
const code = ({ body }: Answer) => (body['error'] as { code?: string } | undefined)?.code

/** What each call needs beside the sandbox it is about. */
const rest: Record<string, object> = { search: { pattern: 'x' }, exec: { command: 'steal' }, read: { path: '/w/x' }, write: { path: '/w/x', content: 'y' } }
const agentCalls = Object.entries(calls as Record<string, CallRow>)
  .filter(([, row]) => row.scope === 'agent')
  .map(([name]) => name)
const bySelection = agentCalls.filter((name) => !['acquire', 'list', 'status'].includes(name))

describe("another's sandbox, by id", () => {
  const foreign = ['default/b-1', 'default/m-1', 'ann/x-1', 'anonymous of b', 'anonymous of b, held by another name']

  it.each(bySelection)('%s answers as for one that does not exist, byte for byte', async (name) => {
    const before = house.provider.did.length
    const none = await call('a', name, { id: nobodysId, ...rest[name] })
    for (const which of foreign) {
      const id = ids[which] ?? ''
      const answer = await call('a', name, { id, ...rest[name] })
      expect(answer.status, which).toBe(none.status)
      expect(answer.text.replaceAll(id, nobodysId), which).toBe(none.text)
    }
    expect(house.provider.did.slice(before)).toEqual([])
  })

  it('says that there is none as a token without bounds is told', async () => {
    const told = await call('a', 'get', { id: ids['default/b-1'] })
    expect(told).toMatchObject({ status: 404, body: { error: { code: 'SANDBOX_NOT_FOUND' } } })
    expect(told.text).not.toMatch(/b-1|prefix|token/)
  })

  it('is still there afterwards, and its owner and the operator reach it', async () => {
    for (const client of ['b', 'master', 'boss']) expect((await call(client, 'get', { id: ids['default/b-1'] })).status).toBe(200)
    for (const client of ['b', 'master']) expect((await call(client, 'get', { id: ids['anonymous of b'] })).status).toBe(200)
    expect((await call('a', 'get', { id: ids['default/a-1'] })).body).toMatchObject({ thread: 'a-1' })
    expect((await call('a', 'get', { id: ids['anonymous of a'] })).body).toMatchObject({ thread: null })
  })

  it.each(['free', 'short', 'ann'])("an anonymous one is its maker's alone: not of %s, whatever its bounds", async (client) => {
    expect(code(await call(client, 'get', { id: ids['anonymous of a'] }))).toBe('SANDBOX_NOT_FOUND')
    expect((await call(client, 'destroy', { id: ids['anonymous of a'] })).body).toEqual({ destroyed: false })
  })
})

describe("another's thread, by name", () => {
  it.each([...bySelection, 'acquire'])('%s is refused by the name alone, whether it exists or not', async (name) => {
    const before = house.provider.did.length
    const there = await call('a', name, { thread: 'b-1', ...rest[name] })
    const nowhere = await call('a', name, { thread: 'b-2', ...rest[name] })
    expect(there).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN' } } })
    expect(there.text).toBe(nowhere.text)
    expect(house.provider.did.slice(before)).toEqual([])
  })

  it.each(['A-1', 'a', 'A-', '-a-1', 'xa-1', 'a_1', 'aa-1'])('%s does not begin with a-', async (thread) => {
    expect(code(await call('a', 'acquire', { thread }))).toBe('FORBIDDEN')
    expect(code(await call('a', 'exec', { thread, command: 'x' }))).toBe('FORBIDDEN')
  })

  it.each([' a-1', 'a-1/../b-1', 'a-1\u0000', 'a-\n', 'a-1%00', { toString: 'a-1' }, ['a-1'], 5, true])('%j is no thread at all', async (thread) => {
    expect(code(await call('a', 'acquire', { thread }))).toBe('BAD_INPUT')
  })

  it('a prefix is a prefix: `a` reaches `a-1`, `a-` does not reach `ab`', async () => {
    expect((await call('short', 'get', { thread: 'a-1' })).status).toBe(200)
    expect((await call('short', 'get', { id: ids['default/a-1'] })).status).toBe(200)
    expect(code(await call('a', 'acquire', { thread: 'ab' }))).toBe('FORBIDDEN')
  })

  it('both ways at once are no way', async () => {
    expect(code(await call('a', 'exec', { id: ids['default/b-1'], thread: 'a-1', command: 'x' }))).toBe('BAD_INPUT')
    expect(code(await call('a', 'exec', { command: 'x' }))).toBe('BAD_INPUT')
    expect(code(await call('a', 'exec', { id: (ids['default/b-1'] ?? '').toUpperCase(), command: 'x' }))).toMatch(/BAD_INPUT|SANDBOX_NOT_FOUND/)
  })
})

describe("another's user", () => {
  it('a token of one user reaches no other, by thread or by id', async () => {
    expect(code(await call('ann', 'exec', { thread: 'a-1', user: 'default', command: 'x' }))).toBe('FORBIDDEN')
    expect(code(await call('ann', 'acquire', { thread: 'x-1', user: 'Ann' }))).toBe('FORBIDDEN')
    expect(code(await call('ann', 'acquire', { user: 'default' }))).toBe('FORBIDDEN')
    expect(code(await call('ann', 'get', { id: ids['default/a-1'] }))).toBe('SANDBOX_NOT_FOUND')
    expect((await call('ann', 'list', { user: 'default' })).body).toMatchObject({ sandboxes: [] })
  })

  it('its calls that name none mean its own', async () => {
    expect((await call('ann', 'get', { thread: 'x-1' })).body).toMatchObject({ user: 'ann', id: ids['ann/x-1'] })
    expect((await call('ann', 'acquire', { thread: 'x-1' })).body).toMatchObject({ user: 'ann', path: 'reuse' })
    expect((await call('ann', 'list', {})).body).toMatchObject({ sandboxes: expect.arrayContaining([expect.objectContaining({ id: ids['ann/x-1'] })]) })
  })

  it('a prefix alone is for every user', async () => {
    expect((await call('a', 'get', { thread: 'a-1', user: 'ann' })).body).toMatchObject({ id: ids['ann/a-1'] })
  })
})

describe('list and status', () => {
  it('show an agent its own, and count nobody else', async () => {
    const mine = await call('b', 'list', {})
    const listed = (mine.body['sandboxes'] as { id: string }[]).map(({ id }) => id)
    expect(new Set(listed)).toEqual(new Set([ids['default/b-1'], ids['anonymous of b'], ids['anonymous of b, held by another name']]))
    expect(mine.body['counted']).toBe(3)
    expect((await call('b', 'status', {})).body).toMatchObject({ counts: { active: 3 } })
    const all = (await call('boss', 'list', {})).body['sandboxes'] as unknown[]
    expect(all.length).toBeGreaterThan(6)
  })
})

describe('what an operator does', () => {
  const operatorCalls = Object.entries(calls as Record<string, CallRow>)
    .filter(([, row]) => row.scope === 'operator')
    .map(([name]) => name)

  it.each(operatorCalls)('%s is not for an agent', async (name) => {
    for (const client of ['a', 'free']) expect(code(await call(client, name, {}))).toBe('FORBIDDEN')
  })

  it.each(['/berth/v1/events', '/metrics'])('%s is not for an agent', async (path) => {
    expect((await fetch(house.bridge.url + path, { headers: { 'x-api-key': tokens['free'] ?? '' } })).status).toBe(403)
  })

  it('an agent makes itself no other token', async () => {
    expect(code(await call('a', 'token_add', { name: 'mine', scope: 'operator' }))).toBe('FORBIDDEN')
    expect(code(await call('a', 'token_revoke', { name: 'b' }))).toBe('FORBIDDEN')
    expect((await call('boss', 'token_add', { name: 'x', scope: 'root' })).status).toBe(400)
    expect((await call('boss', 'token_add', { name: 'x', scope: 'operator', thread_prefix: 'x-' })).status).toBe(400)
  })

  it.each(['master', 'Master', 'LOCAL', 'a', 'A', 'boss'])('no second client is named %s', async (name) => {
    expect(code(await call('boss', 'token_add', { name }))).toBe('NAME_TAKEN')
  })

  it.each(['', 'a b', 'a/b', '../x', 'ä', 'x'.repeat(65), '__proto__ ', 'a\n'])('no token is named %j', async (name) => {
    expect(code(await call('boss', 'token_add', { name }))).toBe('BAD_INPUT')
  })
})

describe('a token that is none', () => {
  const refused = async (token: string) => {
    const text = await rawHttp(house.bridge.port, `GET /berth/v1/list HTTP/1.1\r\nhost: localhost\r\nx-api-key: ${token}\r\nconnection: close\r\n\r\n`)
    return { status: Number(text.slice(9, 12)), text }
  }

  it('truncated, longer, in capitals, its hash, or garbage: all get the same 401', async () => {
    const good = tokens['a'] ?? ''
    const [record] = house.tokens.list()
    const wrong = [
      good.slice(0, -1),
      good.slice(1),
      `${good}0`,
      `${good}${good}`,
      good.toUpperCase(),
      good.slice(4),
      'e2b_',
      `e2b_${'0'.repeat(40)}`,
      `e2b_${'f'.repeat(40)}`,
      record?.name ?? '',
      'null',
      '__proto__',
      'a'.repeat(8000),
      '\u00e9\u00e8',
      '../token',
    ]
    const bodies = new Set<string>()
    for (const token of wrong) {
      const { status, text } = await refused(token)
      expect(status, token.slice(0, 50)).toBe(401)
      bodies.add(text.slice(text.indexOf('{')))
      expect(text).not.toContain(good.slice(0, -1))
    }
    expect(bodies.size).toBe(1)
  })

  it('the hash that is kept is no token', async () => {
    const made = await house.tokens.add({ name: 'hashed', scope: 'agent', thread_prefix: null, user: null }, 'client:master')
    const { createHash } = await import('node:crypto')
    const hash = createHash('sha256').update(made.token).digest('hex')
    for (const token of [hash, `e2b_${hash}`, `e2b_${hash.slice(0, 40)}`]) expect((await refused(token)).status).toBe(401)
  })

  it('revoked: refused at once, on a kept connection too, and its name may be given again to another token', async () => {
    const { token } = await house.tokens.add({ name: 'gone', scope: 'agent', thread_prefix: 'g-', user: null }, 'client:master')
    expect((await ask(token, 'list', {})).status).toBe(200)
    expect((await call('boss', 'token_revoke', { name: 'gone' })).body).toEqual({ revoked: true })
    expect((await call('boss', 'token_revoke', { name: 'gone' })).body).toEqual({ revoked: false })
    expect((await ask(token, 'list', {})).status).toBe(401)
    const again = await house.tokens.add({ name: 'gone', scope: 'agent', thread_prefix: 'g-', user: null }, 'client:master')
    expect(again.token).not.toBe(token)
    expect((await ask(token, 'list', {})).status).toBe(401)
    expect((await ask(again.token, 'list', {})).status).toBe(200)
  })
})

describe('holders', () => {
  it('two tokens are two default holders', async () => {
    await call('a', 'acquire', { thread: 'a-2' })
    const got = await call('short', 'acquire', { thread: 'a-2' })
    expect((got.body['holders'] as { holder: string }[]).map(({ holder }) => holder)).toEqual(['a', 'short'])
    expect((await call('a', 'release', { thread: 'a-2' })).body).toMatchObject({ released: true, sandbox: { status: 'active' } })
    expect((await call('short', 'release', { thread: 'a-2' })).body).toMatchObject({ released: true, sandbox: { status: 'warm' } })
  })
})
