import { useSyncExternalStore } from 'react'

/** Where the page is: the first words of `location.hash` after `#/`, decoded, and what follows a `?`. */
export interface Route {
  readonly path: readonly string[]
  readonly query: Readonly<Record<string, string>>
}

/** `#/sandboxes/<id>/logs?find=x` */
export function parseHash(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const words = path
    .split('/')
    .filter((word) => word !== '')
    .map(decoded)
  return { path: words.length === 0 ? ['sandboxes'] : words, query: Object.fromEntries(new URLSearchParams(query)) }
}

/** The hash of a path, each word of it encoded. */
export function hashOf(path: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString()
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`
}

/** Goes there: `go('sandboxes', id, 'logs')`. The way back is the browser's own. */
export function go(...path: string[]): void {
  location.hash = hashOf(path)
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(watch, () => location.hash)
  return parseHash(hash)
}

function watch(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word)
  } catch (error) {
    // A lone % typed by hand: taken as it stands.
    if (error instanceof URIError) return word
    throw error
  }
}

/** Where a page remembers which terminal of a sandbox was looked at. */
export const lookedAtKey = (sandbox: string): string => `berth.terminal.${sandbox}`
