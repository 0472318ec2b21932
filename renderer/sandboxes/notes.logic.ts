import type { House } from '../../shared/state.ts'
import { backendKinds } from '../../shared/backends.ts'

export type NoteAction = 'retry' | 'switch' | 'isolation' | 'settings' | 'image-cancel' | 'image-prepare'

export interface HouseNote {
  readonly id: 'lost' | 'config' | 'image-failed' | 'image' | 'better' | 'embedded' | 'slots' | `warning-${number}` | 'stopping'
  readonly kind: 'info' | 'warn' | 'bad'
  readonly text: string
  readonly action: NoteAction | null
}

/** What the house has to say above the list, the most urgent first. `awaited`: a row of the list shows how far the image is. */
export function notesOf(house: Pick<House, 'backend' | 'config' | 'image' | 'spares' | 'warnings' | 'shutting_down'>, awaited: boolean): HouseNote[] {
  const { backend, config, image, spares } = house
  const notes: HouseNote[] = []
  if (house.shutting_down) notes.push({ id: 'stopping', kind: 'warn', text: '', action: null })
  if (backendKinds[backend.kind].provisions && !backend.reachable)
    notes.push({ id: 'lost', kind: 'bad', text: backend.problem ?? backend.reason, action: 'retry' })
  if (config.error !== null) notes.push({ id: 'config', kind: 'bad', text: config.error, action: 'settings' })
  if (image !== null && !image.present && image.problem !== null) notes.push({ id: 'image-failed', kind: 'bad', text: image.problem, action: 'image-prepare' })
  if (backend.better !== null) notes.push({ id: 'better', kind: 'info', text: backend.better, action: 'switch' })
  if ((backendKinds[backend.kind].fallback && backend.chosen === 'auto') || backend.isolation === 'none') {
    notes.push({ id: 'embedded', kind: backend.isolation === 'none' ? 'warn' : 'info', text: backend.reason, action: 'isolation' })
  }
  house.warnings.forEach((text, at) => notes.push({ id: `warning-${at}`, kind: 'warn', text, action: null }))
  if (image !== null && !image.present && image.problem === null && image.since !== null && !awaited)
    notes.push({ id: 'image', kind: 'info', text: image.name, action: 'image-cancel' })
  if (spares.wanted > 0 && spares.off !== null && backend.reachable) notes.push({ id: 'slots', kind: 'info', text: spares.off, action: null })
  return notes
}

export type Isolated = 'yes' | 'no'

/** What the embedded backend keeps apart, row by row; `none`: commands run with this user's own rights. */
export function isolationRows(
  isolation: House['backend']['isolation'],
): readonly { readonly what: 'files' | 'processes' | 'network' | 'limits' | 'kernel'; readonly isolated: Isolated }[] {
  const kept: Isolated = isolation === 'none' ? 'no' : 'yes'
  return [
    { what: 'files', isolated: kept },
    { what: 'processes', isolated: kept },
    { what: 'network', isolated: 'no' },
    { what: 'limits', isolated: 'no' },
    { what: 'kernel', isolated: 'no' },
  ]
}
