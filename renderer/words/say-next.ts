import type { Next } from '../sandboxes/pool/pool.logic.ts'
import type { Format } from './format.ts'

/** A part of a sentence; names stand out. */
export interface Said { readonly text: string; readonly name?: true }

/** What the next acquire does, before it is made. */
export function sayNext(next: Next, replicas: number, format: Format): Said[] {
  const start = (slot: boolean) => slot ? 'The next new thread takes a slot' : 'The next new thread starts cold'
  switch (next.kind) {
    case 'engine': return [{ text: next.none ? 'New threads wait until something can run them.' : 'New threads wait for the engine.' }]
    case 'room': return [{ text: `${start(next.slot)}; there is room for ${format.number(next.room)}.` }]
    case 'evicts': {
      const [first, ...rest] = next.who
      if (first === undefined) return [{ text: `${start(next.slot)}, in the place of one that is stopping.` }]
      return [
        { text: `${start(next.slot)}, and ` }, { text: first, name: true },
        { text: rest.length === 0 ? ' is evicted.' : ` and ${format.count(rest.length, 'other')} are evicted.` },
      ]
    }
    case 'over': return [{ text: `All are in use. ${start(next.slot)}, as number ${format.number(next.nth)} of ${format.number(replicas)}.` }]
    case 'waits': return [{ text: next.ahead === 0 ? 'All are in use: the next new thread waits for a place.' : `All are in use: the next new thread waits, with ${format.number(next.ahead)} ahead.` }]
    case 'refused': return [{ text: 'All are in use: the next new thread is refused.' }]
  }
}
