import type { Sight } from '../state/contexts.ts'
import type { House, SandboxRow } from '../../shared/state.ts'
import { shortEngineName } from '../words/format.ts'
import { backendKinds } from '../../shared/backends.ts'

export interface Health {
  readonly kind: 'ok' | 'missing' | 'embedded'
  readonly name: string
  readonly detail: string
  /** In full, for the tooltip. */
  readonly title: string
}

/** The engine in two words: what it is and whether it answers. */
export function healthOf({ backend }: Pick<House, 'backend'>, sight: Sight): Health {
  if (sight === 'lost') return { kind: 'missing', name: 'Berth', detail: 'not answering', title: 'What is shown is how it was.' }
  const { label, provisions, fallback } = backendKinds[backend.kind]
  if (!provisions) return { kind: 'missing', name: label, detail: 'missing', title: backend.problem ?? backend.reason }
  const name = shortEngineName(backend.engine ?? label)
  const title = backend.problem ?? `${backend.engine ?? label}: ${backend.reason}`
  if (!backend.reachable) return { kind: 'missing', name, detail: 'not answering', title }
  if (fallback || backend.isolation === 'none')
    return { kind: 'embedded', name: label, detail: backend.isolation === 'none' ? 'not isolated' : 'bubblewrap', title }
  return { kind: 'ok', name, detail: 'answering', title }
}

export function activeCount(sandboxes: readonly Pick<SandboxRow, 'status'>[]): number {
  return sandboxes.filter(({ status }) => status === 'active' || status === 'creating').length
}

/** How far the image is, 0 to 1; null: nothing is being done. */
export function imageShare({ image }: Pick<House, 'image'>): number | null {
  const progress = image?.progress
  if (!progress || image.present || progress.done === null || progress.total === null || progress.total === 0) return null
  return Math.min(1, progress.done / progress.total)
}

/** `127.0.0.1:7878` of the bridge's URL. */
export function addressOf(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/\/$/, '')
}
