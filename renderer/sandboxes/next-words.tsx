import type { NextAcquire } from './next-acquire.logic.ts'

/** What the next acquire of a new thread does, as a sentence. */
export function NextWords({ next }: { next: NextAcquire }) {
  const evicted = next.evicts === null ? null : <>, and <span className="mid">{next.evicts}</span> is evicted</>
  switch (next.way) {
    case 'slot': return <>The next new thread takes a slot{evicted}.</>
    case 'cold': return <>The next new thread starts cold{evicted}.</>
    case 'image': return <>The next new thread waits for the image{evicted}.</>
    case 'over': return <>All are in use: the next new thread goes past the number of replicas.</>
    case 'waits': return <>All are in use: the next new thread waits for a place.</>
    case 'refused': return <>All are in use: the next new thread is refused.</>
    case 'none': return <>Nothing can be made at the moment.</>
  }
}
