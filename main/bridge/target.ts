/** A request's target, taken apart. */
export interface Target { readonly path: string; readonly query: URLSearchParams }

/**
 * Only plain absolute paths: no escapes, no empty or dot segments, no absolute form. Nothing here needs one, so whatever
 * would have to be normalised is simply not found. Null: not found.
 */
export function parseTarget(url: string | undefined): Target | null {
  const [, path, query] = /^(\/|(?:\/[A-Za-z0-9_.~-]+)+)(?:\?([^#]*))?$/.exec(url ?? '') ?? []
  if (path === undefined || path.split('/').some((segment) => segment === '.' || segment === '..')) return null
  return { path, query: new URLSearchParams(query ?? '') }
}
