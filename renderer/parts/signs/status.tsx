import { Mark } from './mark.tsx'

export type StatusName = 'creating' | 'active' | 'warm' | 'paused' | 'slot' | 'stopping' | 'failed' | 'unknown' | 'gone'

const words: Readonly<Record<StatusName, string>> = {
  creating: 'Creating', active: 'Active', warm: 'Warm', paused: 'Paused', slot: 'Slot', stopping: 'Stopping', failed: 'Failed', unknown: 'Unknown', gone: 'Gone',
}

/** Shape, word, then colour: told apart without any of the three. `word` replaces the status's own. */
export function Status({ status, word }: { status: StatusName; word?: string | undefined }) {
  return <span className={`status ${status}`}><Mark name={status} />{word ?? words[status]}</span>
}
