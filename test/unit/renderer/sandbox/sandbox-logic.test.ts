import { expect, test } from 'vitest'
import type { BerthEvent } from '../../../../shared/events.ts'
import { linesInSight } from '../../../../renderer/sandbox/logs/find.logic.ts'
import { doing, endOf } from '../../../../renderer/sandbox/sandbox.logic.ts'
import { sandboxRow } from '../../../support/ui/sandbox-row.ts'

const event = (seq: number, type: string, sandbox = 'a'): BerthEvent => ({ seq, at: '2026-01-01T00:00:00Z', type, who: 'berth:idle', sandbox, text: type })

test('which event says how it ended: the last end of its own', () => {
  const events = [event(1, 'sandbox.gone'), event(2, 'sandbox.active'), event(3, 'sandbox.reaped'), event(4, 'sandbox.gone', 'b'), event(5, 'sandbox.warm')]
  expect(endOf(events, 'a')?.seq).toBe(3)
  expect(endOf(events.slice(4), 'a')).toBeNull()
  expect(endOf([event(1, 'sandbox.stopping')], 'a')?.seq).toBe(1)
})

test('what it is doing, the most telling first', () => {
  const row = sandboxRow('0'.repeat(16), 't', '')
  const held = [
    { holder: 'x', since: '' },
    { holder: 'y', since: '' },
  ]
  const now = Date.parse('2026-01-01T00:00:00Z')
  expect(doing({ ...row, holders: held, commands: [{ id: '1', command: 'ls', who: 'y', since: '' }] }, now)).toEqual({ kind: 'working', who: 'y' })
  expect(doing({ ...row, holders: held, expires_at: '2026-01-01T00:01:00Z' }, now)).toEqual({ kind: 'held', who: ['x', 'y'] })
  expect(doing({ ...row, status: 'warm', expires_at: '2026-01-01T00:01:00Z' }, now)).toEqual({ kind: 'reaped', ms: 60_000 })
  expect(doing({ ...row, status: 'creating', step: 'Pulling image' }, now)).toEqual({ kind: 'says', text: 'Pulling image' })
  expect(doing(row, now)).toEqual({ kind: 'nobody' })
})

test.each([
  [1000, { top: 0, height: 400 }, false, { first: 0, last: 33 }],
  [1000, { top: 2000, height: 400 }, false, { first: 88, last: 133 }],
  [1000, { top: 0, height: 400 }, true, { first: 967, last: 1000 }],
  [1000, { top: 900_000, height: 400 }, false, { first: 967, last: 1000 }],
  [5, { top: 0, height: 400 }, true, { first: 0, last: 5 }],
  [0, { top: 0, height: 0 }, true, { first: 0, last: 0 }],
])('%i lines at %o', (size, sight, follow, expected) => {
  expect(linesInSight(size, sight, follow)).toEqual(expected)
})
