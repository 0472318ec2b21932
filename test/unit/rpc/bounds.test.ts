import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type CallRow, row } from '../../../shared/call.ts'
import { calls } from '../../../shared/contract.ts'
import type { Owner } from '../../../main/core/provider-api.ts'
import { withinBounds, withUser } from '../../../main/calls/rpc/dispatch.ts'
import type { Bounds } from '../../../main/house/tokens/caller.ts'

const owners: Record<string, Owner> = {
  mine: { user: 'default', thread: 'a-1', client: null },
  theirs: { user: 'default', thread: 'b-1', client: null },
  'mine, anonymous': { user: 'default', thread: null, client: 'a' },
  'of nobody known': { user: 'default', thread: null, client: null },
}
const bounds: Bounds = { threadPrefix: 'a-', user: null }

async function run(it: CallRow, args: unknown, name = 'new_call'): Promise<string> {
  let ran = false
  const call = { name, row: it, args, context: { client: 'a', bounds } }
  const deps = { ownerOf: (id: string) => owners[id] ?? null, departed: () => null, sandboxes: () => [] }
  return await withinBounds(deps, call, async () => {
    ran = true
    return undefined
  }).then(
    () => (ran ? 'ran' : 'answered'),
    (error: { code: string }) => (ran ? 'RAN, THEN ' : '') + error.code,
  )
}
const rowOf = (input: z.ZodType) =>
  row({ summary: '', scope: 'agent', kind: 'read', repeats: true, input, result: z.unknown(), errors: [] }) as unknown as CallRow

describe('a call that the contract gets one day', () => {
  const both = rowOf(z.strictObject({ id: z.string().optional(), thread: z.string().nullish(), user: z.string().default('default') }))

  it('by id or by thread is judged like all others', async () => {
    expect(await run(both, { id: 'mine', user: 'default' })).toBe('ran')
    expect(await run(both, { id: 'mine, anonymous', user: 'default' })).toBe('ran')
    for (const id of ['theirs', 'of nobody known', 'none']) expect(await run(both, { id, user: 'default' })).toBe('SANDBOX_NOT_FOUND')
    expect(await run(both, { thread: 'a-9', user: 'default' })).toBe('ran')
    expect(await run(both, { thread: 'b-1', user: 'default' })).toBe('FORBIDDEN')
  })

  it('that takes both is judged by both', async () => {
    expect(await run(both, { id: 'mine', thread: 'b-1', user: 'default' })).toBe('FORBIDDEN')
    expect(await run(both, { id: 'theirs', thread: 'a-1', user: 'default' })).toBe('SANDBOX_NOT_FOUND')
  })

  it('about no thread, or about one it leaves out, is refused until somebody says what of it an agent may see', async () => {
    expect(await run(both, { user: 'default' })).toBe('FORBIDDEN')
    expect(await run(both, { thread: null, user: 'default' })).toBe('FORBIDDEN')
    expect(await run(rowOf(z.strictObject({})), {})).toBe('FORBIDDEN')
    expect(await run(rowOf(z.strictObject({ sandbox: z.string() })), { sandbox: 'theirs' })).toBe('FORBIDDEN')
    expect(await run(rowOf(z.union([z.string(), z.object({ thread: z.string() })])), { thread: 'a-1' })).toBe('FORBIDDEN')
  })
})

describe("the contract's own calls for agents", () => {
  const rows = Object.entries(calls as Record<string, CallRow>).filter(([, it]) => it.scope === 'agent')

  it.each(rows)('%s: its fields are seen, so that none is judged by nothing', (name, it) => {
    const fields = it.input instanceof z.ZodObject ? Object.keys(it.input.shape) : []
    expect(['list', 'status'].includes(name) || fields.includes('thread')).toBe(true)
  })
})

describe('a call that names no user, from a token of one', () => {
  const ann: Bounds = { threadPrefix: '', user: 'ann' }
  const get = calls.get as CallRow

  it('means that one', () => {
    expect(withUser(get, { thread: 't' }, ann)).toEqual({ thread: 't', user: 'ann' })
    expect(withUser(get, undefined, ann)).toEqual({ user: 'ann' })
    expect(withUser(calls.list as CallRow, {}, ann)).toEqual({ user: 'ann' })
  })

  it('is left as it is where it names one, where there is none to name, and where it is no input', () => {
    expect(withUser(get, { thread: 't', user: 'bob' }, ann)).toEqual({ thread: 't', user: 'bob' })
    expect(withUser(calls.status as CallRow, {}, ann)).toEqual({})
    for (const raw of ['x', 5, [], true]) expect(withUser(get, raw, ann)).toBe(raw)
    expect(withUser(get, { thread: 't' }, { threadPrefix: 'a', user: null })).toEqual({ thread: 't' })
    expect(withUser(get, { thread: 't' }, null)).toEqual({ thread: 't' })
  })
})
