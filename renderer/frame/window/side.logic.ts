import type { Sight } from '../house/use-sight.ts'
import type { House, SandboxRow } from '../../../shared/state.ts'

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
  if (backend.kind === 'none') return { kind: 'missing', name: 'No engine', detail: 'missing', title: backend.problem ?? backend.reason }
  const names = { docker: 'Docker', embedded: 'Embedded', remote: 'Remote', apple: 'Apple' }
  const name = shortName(backend.engine ?? names[backend.kind])
  const title = backend.problem ?? `${backend.engine ?? names[backend.kind]}: ${backend.reason}`
  if (!backend.reachable) return { kind: 'missing', name, detail: 'not answering', title }
  if (backend.kind === 'embedded') return { kind: 'embedded', name: 'Embedded', detail: backend.isolation === 'none' ? 'not isolated' : 'bubblewrap', title }
  return { kind: 'ok', name, detail: 'answering', title }
}

/** `Docker 28.4.0` is `Docker 28.4` where there is little room; what follows is for the tooltip. */
export function shortName(engine: string): string {
  const found = /^(\w[\w ]*?) v?(\d+\.\d+)/.exec(engine)
  return found ? `${found[1]} ${found[2]}` : engine.split(/[,(]/)[0]?.trim() ?? engine
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
