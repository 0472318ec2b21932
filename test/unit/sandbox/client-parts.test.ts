import { describe, expect, it } from 'vitest'
import { dataOf } from '../../../main/sandbox/http.ts'
import { keeper } from '../../../main/sandbox/follow.ts'
import { nextDelay } from '../../../main/sandbox/readiness.ts'
import { BerthError } from '../../../shared/errors.ts'
import { z } from 'zod'

describe('keeper', () => {
  it('keeps all that fits, and both ends of more', () => {
    const all = keeper(10)
    for (const piece of ['abc', '', 'defg', 'hij']) all.add(piece)
    expect([all.text(), all.truncated]).toEqual(['abcdefghij', false])
    all.add('k')
    expect([all.truncated, all.text()]).toEqual([true, 'abcde\n[... 1 characters left out ...]\nghijk'])
  })

  it('does not grow with what passes through it, whatever the pieces', () => {
    const few = keeper(1000)
    const many = keeper(1000)
    const text = Array.from({ length: 20_000 }, (_, n) => `${n},`).join('')
    few.add(text)
    for (let at = 0; at < text.length; at += 7) many.add(text.slice(at, at + 7))
    expect(many.text()).toBe(few.text())
    expect(few.text().startsWith('0,1,2,') && few.text().endsWith(',19999,')).toBe(true)
    expect(few.text().length).toBeLessThan(1100)
  })
})

describe('nextDelay', () => {
  it('begins at 10 ms, never adds more than a twentieth to a boot, and stays below a quarter second', () => {
    expect([0, 200, 300, 1000, 5000, 60_000].map(nextDelay)).toEqual([10, 10, 15, 50, 250, 250])
  })
})

describe('an answer', () => {
  const code = (status: number, body: unknown, what = 'file/read') => {
    try {
      dataOf({ status, bytes: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }, what, z.object({ n: z.number() }))
      return 'accepted'
    } catch (error) {
      return error instanceof BerthError ? error.code : error
    }
  }
  const fileError = (type: string) => ({ success: false, message: 'm', data: { path: '/x', operation: 'read', message: 'm', error_type: type } })
  it.each([
    [200, { success: true, data: { n: 1 } }, 'accepted'],
    [200, { success: true, data: null }, 'SANDBOX_FAILED'],
    [200, '<html>', 'SANDBOX_FAILED'],
    [200, { success: false, message: 'm', data: null }, 'FILE_FAILED'],
    [200, fileError('not_found'), 'FILE_NOT_FOUND'],
    [200, fileError('permission_denied'), 'FILE_DENIED'],
    [200, fileError('read_only_filesystem'), 'FILE_DENIED'],
    [200, fileError('no_space_left'), 'DISK_FULL'],
    [200, fileError('decode_error'), 'FILE_FAILED'],
    [401, { success: false, message: 'Unauthorized' }, 'SANDBOX_REFUSED'],
    [404, { detail: 'Not Found' }, 'NOT_SUPPORTED'],
    [404, { success: false, message: 'Session not found', data: null }, 'SANDBOX_LOST'],
    [
      400,
      { success: false, message: 'Cannot create bash session: session limit reached and all 10 existing sessions have active commands' },
      'CAPACITY_REJECTED',
    ],
    [413, {}, 'TOO_LARGE'],
    [422, { detail: [{ loc: ['body', 'command'], msg: 'Field required', type: 'missing' }] }, 'BAD_INPUT'],
    [500, {}, 'SANDBOX_FAILED'],
    [503, { success: false, message: 'no room', data: null }, 'SANDBOX_UNREACHABLE'],
    [502, '<html>', 'SANDBOX_UNREACHABLE'],
  ])('with status %i and %j is %s', (status, body, expected) => {
    expect(code(status, body)).toBe(expected)
  })
})
