import { expect, it } from 'vitest'
import { judgeFile, makeLedger, type Written } from '../../chaos/ledger.ts'

const lines = (acked: string[], sent: string[]): Written => ({ path: '/f', acked: new Set(acked), sent: new Set(sent), whole: null })

it('finds an acknowledged line that is lost, one that nobody wrote, and one that is there twice', () => {
  const written = lines(['a', 'b'], ['a', 'b', 'c'])
  expect(judgeFile(written, 'a\nb\n')).toEqual([])
  expect(judgeFile(written, 'a\nb\nc\n')).toEqual([])
  expect(judgeFile(written, 'a\nc\n')).toEqual(['/f: the acknowledged line b is lost'])
  expect(judgeFile(written, 'a\nb\nx\n')).toEqual(['/f: "x" was never written'])
  expect(judgeFile(written, 'a\nb\nb\n')).toEqual(['/f: 1 lines are there twice'])
})

it('takes the acknowledged whole or a later one, and nothing else', () => {
  const written: Written = { ...lines([], []), whole: { acked: 'two', later: new Set(['three']) } }
  expect(judgeFile(written, 'two')).toEqual([])
  expect(judgeFile(written, 'three')).toEqual([])
  expect(judgeFile(written, 'one')).toHaveLength(1)
  expect(judgeFile(written, '')).toHaveLength(1)
})

it('counts on a hold only where no destroy went on beside its acquire', () => {
  const ledger = makeLedger(['t'], ['left', 'right'])
  const got = { container: 'c', url: null }
  ledger.acquiring('t', 'left')
  ledger.acquired('t', 'left', got)
  expect(ledger.hold('t', 'left').state).toBe('held')
  const began = ledger.destroying('t')
  expect(ledger.hold('t', 'left').state).toBe('unknown')
  ledger.acquiring('t', 'right')
  ledger.acquired('t', 'right', got)
  ledger.destroyed('t', began)
  expect(ledger.hold('t', 'left').state).toBe('free')
  expect(ledger.hold('t', 'right').state).toBe('unknown')
  ledger.acquiring('t', 'right')
  ledger.allCallsEnded()
  expect(ledger.hold('t', 'right').state).toBe('unknown')
})
