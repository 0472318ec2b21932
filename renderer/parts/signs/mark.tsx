export type MarkName = 'active' | 'warm' | 'slot' | 'paused' | 'creating' | 'stopping' | 'failed' | 'unknown' | 'gone' | 'berth'

/** The shape of a status. `creating` turns: it doubles as the sign of work. */
export function Mark({ name }: { name: MarkName }) {
  return <svg className="mark" aria-hidden="true"><use href={`#m-${name}`} /></svg>
}
