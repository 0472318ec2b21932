import type { Named, NextAcquire } from './next.ts'

/** A part of a sentence; names stand out. */
export interface Said { readonly text: string; readonly name?: true }

/** How numbers are written where it is said. */
export interface Numbers {
  number(value: number): string
  /** `1 other`, `3 others`. */
  count(value: number, one: string): string
}

/** As English has them, for whoever knows no locale. */
export const plainNumbers: Numbers = { number: String, count: (value, one) => `${value} ${one}${value === 1 ? '' : 's'}` }

/** What a sandbox is called where there is room for one name. */
export function nameOf({ id, thread }: Pick<Named, 'id' | 'thread'>): string {
  return thread ?? (id === '' ? 'another sandbox' : `anonymous ${id.slice(0, 8)}`)
}

/** What the next acquire does, before it is made: one sentence for screens and shells. */
export function sayNext(next: NextAcquire, replicas: number, { number, count }: Numbers = plainNumbers): Said[] {
  const start = (slot: boolean) => slot ? 'The next new thread takes a slot' : 'The next new thread starts cold'
  switch (next.kind) {
    case 'engine': return [{ text: next.none ? 'New threads wait until something can run them.' : 'New threads wait for the engine.' }]
    case 'room': return [{ text: `${start(next.slot)}; there is room for ${number(next.room)}.` }]
    case 'evicts': {
      const [first, ...rest] = next.who
      if (first === undefined) return [{ text: `${start(next.slot)}, in the place of one that is stopping.` }]
      return [
        { text: `${start(next.slot)}, and ` }, { text: nameOf(first), name: true },
        { text: rest.length === 0 ? ' is evicted.' : ` and ${count(rest.length, 'other')} are evicted.` },
      ]
    }
    case 'over': return [{ text: `All are in use. ${start(next.slot)}, as number ${number(next.nth)} of ${number(replicas)}.` }]
    case 'waits': return [{ text: next.ahead === 0 ? 'All are in use: the next new thread waits for a place.' : `All are in use: the next new thread waits, with ${number(next.ahead)} ahead.` }]
    case 'refused': return [{ text: 'All are in use: the next new thread is refused.' }]
  }
}

export const textOf = (said: readonly Said[]): string => said.map(({ text }) => text).join('')
