import type { MountRow } from '../../../shared/calls/desktop-calls.ts'

export type Mount = Pick<MountRow, 'host' | 'container' | 'mode' | 'kind'>

export interface Place {
  /** The mount that holds it; null: it is in the sandbox only, and ends with it. */
  readonly mount: Mount | null
  /** Where it is on the engine's host; null without a mount. */
  readonly host: string | null
}

/** `/` and every directory on the way, the last being the path itself. */
export function crumbsOf(path: string): { name: string; path: string }[] {
  const words = path.split('/').filter((word) => word !== '')
  return [{ name: '/', path: '/' }, ...words.map((name, at) => ({ name, path: `/${words.slice(0, at + 1).join('/')}` }))]
}

export function parentOf(path: string): string | null {
  const crumbs = crumbsOf(path)
  return crumbs.at(-2)?.path ?? null
}

export function joined(directory: string, name: string): string {
  return `${directory.replace(/\/+$/, '')}/${name}`
}

/** Which mount a path is in (the innermost), and so where it is on the host. */
export function placeOf(path: string, mounts: readonly Mount[]): Place {
  const inside = mounts
    .filter(({ container }) => path === container || path.startsWith(`${container.replace(/\/+$/, '')}/`))
    .reduce<Mount | null>((best, one) => (best === null || one.container.length > best.container.length ? one : best), null)
  if (inside === null) return { mount: null, host: null }
  const rest = path.slice(inside.container.replace(/\/+$/, '').length)
  // The engine's host may write its paths the other way.
  const windows = /^[A-Za-z]:\\|^\\\\/.test(inside.host)
  return { mount: inside, host: inside.host.replace(/[/\\]+$/, '') + (windows ? rest.replaceAll('/', '\\') : rest) }
}

/** A thread's own directory that is this path, which the shell may open. */
export function ownDirectory(path: string, mounts: readonly Mount[]): 'workspace' | 'uploads' | 'outputs' | null {
  const kind = mounts.find(({ container }) => container === path)?.kind
  return kind === 'workspace' || kind === 'uploads' || kind === 'outputs' ? kind : null
}

/** Where the files of a sandbox are looked at first. */
export function firstPath(mounts: readonly Mount[]): string {
  return mounts.find(({ kind }) => kind === 'workspace')?.container ?? '/mnt/user-data/workspace'
}
