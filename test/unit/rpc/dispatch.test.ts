import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Scope } from '../../../shared/call.ts'
import { calls } from '../../../shared/contract.ts'
import { fail } from '../../../shared/errors.ts'
import type { CallContext, Handlers } from '../../../main/calls/rpc/handlers.ts'
import { contractId } from '../../../main/calls/rpc/contract-hash.ts'
import { createDispatch } from '../../../main/calls/rpc/dispatch.ts'

/** Handlers that hand back what reached them; `get` fails as foreseen, `list` as nobody foresaw. */
const echo = Object.fromEntries(Object.keys(calls).map((name) => [name, async (args: unknown) => ({ name, args })])) as unknown as Handlers
const logged: string[] = []
const dispatch = createDispatch({
  handlers: {
    ...echo,
    get: async () => {
      throw fail('SANDBOX_NOT_FOUND', 'none', { next: 'acquire' })
    },
    list: async () => {
      throw new TypeError('odd')
    },
  },
  log: (level, text, cause) => void logged.push(`${level} ${text} ${String(cause)}`),
  ownerOf: () => null,
  departed: () => null,
  sandboxes: () => [],
})

const as = (scope: Scope): CallContext<unknown> => ({
  scope,
  client: 'c',
  bounds: null,
  who: 'client:c',
  signal: new AbortController().signal,
  transport: 'process',
})
const inputs: Record<string, unknown> = {
  search: { thread: 't', pattern: 'x' },
  hint: { thread: 't' },
  get: { thread: 't' },
  release: { thread: 't' },
  destroy: { thread: 't' },
  dismiss: { thread: 't' },
  logs: { thread: 't' },
  exec: { thread: 't', command: 'x' },
  read: { thread: 't', path: '/x' },
  write: { thread: 't', path: '/x', content: '' },
  files: { thread: 't' },
  rotate: { thread: 't' },
  forget: { thread: 't', confirm: 't' },
  token_add: { name: 'n' },
  token_revoke: { name: 'n' },
  details: { thread: 't' },
  interrupt: { command: 'c' },
  terminal_open: { thread: 't' },
  terminal_close: { terminal: 't' },
  ticket: { thread: 't', path: '/x', direction: 'upload' },
  image_remove: { id: 'i' },
  config_set: { key: 'replicas', value: 3 },
  session_end: { id: 's' },
  session_open: { code: 'not-a-code' },
  address_copy: { thread: 't' },
  rename_holder: { holder: 'h', name: 'n' },
}
const codeOf = async (scope: Scope, name: string) =>
  await dispatch(as(scope), name, inputs[name] ?? {}).then(
    () => 'allowed',
    (error: { code: string }) => error.code,
  )

describe('scopes', () => {
  const expected: Record<Scope, Record<Scope, string | null>> = {
    open: { open: null, agent: 'UNAUTHORIZED', operator: 'UNAUTHORIZED' },
    agent: { open: null, agent: null, operator: 'FORBIDDEN' },
    operator: { open: null, agent: null, operator: null },
  }

  it.each(Object.entries(calls))('%s asks for what its row says', async (name, row) => {
    for (const scope of ['open', 'agent', 'operator'] as const) {
      const refused = expected[scope][row.scope]
      const code = await codeOf(scope, name)
      if (refused) expect(code, scope).toBe(refused)
      else expect(['allowed', 'SANDBOX_NOT_FOUND', 'INTERNAL', ...(name === 'session_open' ? ['UNAUTHORIZED'] : [])], scope).toContain(code)
    }
  })

  it('come before the input, so that nobody learns by trying', async () => {
    await expect(dispatch(as('open'), 'exec', { nonsense: 1 })).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })
})

describe('a caller whose token was revoked', () => {
  it('begins nothing, and gets nothing of what it began', async () => {
    const revoked = new AbortController()
    const context = { ...as('operator'), signal: revoked.signal }
    expect(await dispatch(context, 'status', {})).toEqual({ name: 'status', args: {} })
    const begun = dispatch(context, 'status', {})
    revoked.abort(fail('UNAUTHORIZED', 'revoked', { next: 'none' }))
    await expect(begun).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await expect(dispatch(context, 'nothing', {})).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('is not one who merely left', async () => {
    const gone = AbortSignal.abort(fail('CANCELLED', 'left', { next: 'none' }))
    expect(await dispatch({ ...as('operator'), signal: gone }, 'status', {})).toEqual({ name: 'status', args: {} })
  })
})

describe('input', () => {
  it('is validated and gets its defaults', async () => {
    expect(await dispatch(as('agent'), 'logs', { thread: 't', tail: '5', follow: 'true' })).toEqual({
      name: 'logs',
      args: { thread: 't', user: 'default', tail: 5, follow: true },
    })
    expect(await dispatch(as('agent'), 'acquire', undefined)).toEqual({ name: 'acquire', args: { user: 'default' } })
  })

  it('that is wrong is named, path by path', async () => {
    const wrong = dispatch(as('agent'), 'exec', { thread: 't', env: { 'A-B': 'x' }, timeout: -1, colour: 'red' })
    await expect(wrong).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { problems: expect.arrayContaining([expect.objectContaining({ path: 'colour' }), expect.objectContaining({ path: 'timeout' })]) },
      message: expect.stringContaining('`command`: is missing (expected string)'),
    })
  })

  it.each(['x', 5, true, [], () => undefined])('%s is none', async (raw) => {
    await expect(dispatch(as('agent'), 'acquire', raw)).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })

  it.each(['nothing', '', '__proto__', 'constructor', 'toString'])('there is no call %j', async (name) => {
    await expect(dispatch(as('operator'), name, {})).rejects.toMatchObject({ code: 'NO_SUCH_CALL' })
  })
})

describe('failures', () => {
  beforeAll(() => void logged.splice(0))

  it('that were foreseen go to the caller and into no log', async () => {
    await expect(dispatch(as('agent'), 'get', { thread: 't' })).rejects.toMatchObject({ code: 'SANDBOX_NOT_FOUND' })
    expect(logged).toEqual([])
  })

  it('that were not are INTERNAL with their cause, and logged once', async () => {
    await expect(dispatch(as('agent'), 'list', {})).rejects.toMatchObject({ code: 'INTERNAL', cause: expect.any(TypeError) })
    expect(logged).toEqual(['error The call list of client:c failed unexpectedly TypeError: odd'])
  })

  afterAll(() => void logged.splice(0))
})

describe('the contract', () => {
  it('has one hash, the same every time', () => {
    expect(contractId()).toEqual(contractId())
    expect(contractId().hash).toMatch(/^[a-f0-9]{64}$/)
  })
})
