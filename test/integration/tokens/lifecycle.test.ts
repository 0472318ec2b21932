import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestBridge, type TestBridge, testToken } from '../../support/bridge.ts'
import { eventually, within } from '../../support/wait.ts'

let house: TestBridge
beforeAll(async () => {
  house = await openTestBridge({ limits: { closing: 300 } })
})
afterAll(async () => await house.close())

let made = 0
async function token(scope: 'agent' | 'operator' = 'agent'): Promise<{ name: string; token: string }> {
  return await house.tokens.add({ name: `t${(made += 1)}`, scope, thread_prefix: null, user: null }, 'client:master')
}

const post = async (key: string, name: string, input: unknown, accept = 'application/json') =>
  await fetch(`${house.bridge.url}/berth/v1/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept },
    body: JSON.stringify(input),
  })
const revoke = async (name: string) => await post(testToken, 'token_revoke', { name })
const reading = (response: Response) => {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    text: () => text,
    until: async (mark: string) => {
      while (!text.includes(mark)) {
        const part = await reader?.read()
        if (!part || part.done) throw new Error(`ended before ${mark}: ${text}`)
        text += part.value
      }
    },
    end: async () => {
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value
      return text
    },
  }
}

describe('revoking ends at once what runs for the token', () => {
  it.each(['application/x-ndjson', 'text/event-stream'])('a followed log (%s), with the reason', async (accept) => {
    const { name, token: key } = await token()
    await post(key, 'acquire', { thread: 'l' })
    const log = reading(await post(key, 'logs', { thread: 'l', tail: 2, follow: true }, accept))
    await log.until('line 2')
    await revoke(name)
    const text = await within(10_000, 'the stream ends', log.end())
    expect(text).toContain('"UNAUTHORIZED"')
    expect(text).not.toContain(key)
  })

  it('a stream of events, in order', async () => {
    const { name, token: key } = await token('operator')
    const stream = reading(await fetch(`${house.bridge.url}/berth/v1/events`, { headers: { 'x-api-key': key } }))
    await stream.until('hello')
    await revoke(name)
    const text = await within(10_000, 'the stream ends', stream.end())
    house.events.publish({ type: 'berth.problem', who: 'berth:test', text: 'after it' })
    expect(text).not.toContain('after it')
    expect((await fetch(`${house.bridge.url}/berth/v1/events`, { headers: { 'x-api-key': key } })).status).toBe(401)
  })

  it('events as a call', async () => {
    const { name, token: key } = await token('operator')
    const stream = reading(await post(key, 'events', { follow: true, limit: 1 }, 'application/x-ndjson'))
    await stream.until('"chunk"')
    await revoke(name)
    expect(await within(10_000, 'the stream ends', stream.end())).toContain('"UNAUTHORIZED"')
  })

  it('a command, which is ended too, and a wait for a sandbox', async () => {
    const { name, token: key } = await token()
    await post(key, 'acquire', { thread: 'r' })
    const command = post(key, 'exec', { thread: 'r', command: 'wait' })
    const waiting = post(key, 'acquire', { thread: 'slow' })
    await eventually('both run', () => house.provider.running() === 1 && house.provider.did.includes(`acquire slow by client:${name}`))
    await revoke(name)
    for (const answer of [await command, await waiting]) {
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ error: { code: 'UNAUTHORIZED', message: 'The token was revoked' } })
    }
    await eventually('the command is ended', () => house.provider.running() === 0)
  })

  it("nobody else's", async () => {
    const gone = await token()
    const stays = await token()
    await post(stays.token, 'acquire', { thread: 's' })
    const log = reading(await post(stays.token, 'logs', { thread: 's', tail: 1, follow: true }, 'application/x-ndjson'))
    await log.until('line 1')
    await revoke(gone.name)
    expect((await post(stays.token, 'list', {})).status).toBe(200)
    await revoke(stays.name)
    await log.end()
  })
})

describe('what is told of tokens', () => {
  it('who made and who revoked which, and nothing of the token itself', async () => {
    const { name, token: key } = await token()
    await revoke(name)
    const told = house.events.recent({ limit: 1000 }).events.filter((it) => it.type.startsWith('token.') && it.text.includes(name))
    expect(told).toMatchObject([
      { type: 'token.added', who: 'client:master' },
      { type: 'token.revoked', who: 'client:master' },
    ])
    expect(JSON.stringify(house.events.recent({ limit: 1000 }))).not.toContain(key.slice(4))
    expect(await (await post(testToken, 'tokens', {})).text()).not.toMatch(/e2b_|hash/)
  })
})
