import { expect, it } from 'vitest'
import { reconcile, type ReconcileView } from '../../../main/core/reconcile.ts'
import { entry, found } from '../../support/entries.ts'

const view = (change: Partial<ReconcileView>): ReconcileView => ({
  entries: [],
  found: [],
  listedAt: 100,
  busy: new Set(),
  leased: new Set(),
  spares: new Set(),
  idOf: (_user, thread) => thread.slice(2),
  ...change,
})
const kinds = (change: Partial<ReconcileView>) => reconcile(view(change)).map((action) => `${action.kind} ${'id' in action ? action.id : action.found.ref}`)

it('adopts what runs and is unknown, and leaves what it knows', () => {
  expect(kinds({ found: [found('a'), found('b')], entries: [entry('b')] })).toEqual(['adopt ref-a'])
})

it('removes what never ran, what ended, and the second of a kind, keeping the one that runs', () => {
  expect(kinds({ found: [found('a', { state: 'created', url: null }), found('b', { state: 'exited', exitCode: 3 })] })).toEqual([
    'remove ref-a',
    'remove ref-b',
  ])
  const doubled = [found('c', { ref: 'old', state: 'paused', createdAt: 9 }), found('c', { ref: 'new', createdAt: 1 })]
  expect(kinds({ found: doubled })).toEqual(['adopt new', 'remove old'])
})

it('adopts what is on its way up at an address, and removes what nothing is known of any more', () => {
  const lost = found('b', { leftover: true, user: null, thread: null, nonce: null })
  expect(kinds({ found: [found('a', { state: 'created' }), lost] }).toSorted()).toEqual(['adopt ref-a', 'remove ref-b'])
})

it('refuses labels that contradict each other', () => {
  expect(kinds({ found: [found('a', { thread: 't-other' }), found('b', { nonce: null })] })).toEqual(['refuse ref-a', 'refuse ref-b'])
})

it('keeps an anonymous one only while a lease file names its holder', () => {
  expect(kinds({ found: [found('a', { thread: null })] })).toEqual(['remove ref-a'])
  expect(kinds({ found: [found('a', { thread: null })], leased: new Set(['a']) })).toEqual(['adopt ref-a'])
})

it('loses entries whose container is gone, ended or is another one', () => {
  const entries = [entry('a'), entry('b'), entry('c')]
  const seen = [found('b', { state: 'exited' }), found('c', { ref: 'ref-c2' })]
  expect(kinds({ entries, found: seen })).toEqual(['lost a', 'lost b', 'lost c', 'remove ref-c2'])
})

it('does not judge what changed after the listing began, or what is under way', () => {
  expect(kinds({ entries: [entry('a', { since: 101 })] })).toEqual([])
  expect(kinds({ entries: [entry('a')], found: [found('b')], busy: new Set(['a', 'b']) })).toEqual([])
})

it('notes what was frozen from outside', () => {
  expect(reconcile(view({ entries: [entry('a')], found: [found('a', { state: 'paused' })] }))).toEqual([{ kind: 'frozen', id: 'a', frozen: true }])
})
