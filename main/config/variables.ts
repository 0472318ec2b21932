import type { Env } from './overrides.ts'
import { isRecord } from './is-record.ts'

export interface Resolved {
  readonly value: unknown
  /** What came out of variables, wherever in the value. */
  readonly taken: readonly string[]
}

/** A `$NAME` that cannot be resolved, at `path` within the value. */
export interface Unresolved { readonly path: readonly (string | number)[]; readonly text: string; readonly name: string | null }

/**
 * Replaces every whole value `$NAME` by that variable, through lists and maps. `$$...` is a literal `$...`. As in
 * deer-flow nothing inside a value is replaced, and anything else that begins with `$` is an error and not a literal.
 */
export function resolveVariables(value: unknown, env: Env): Resolved | Unresolved {
  const taken: string[] = []
  const problems: Unresolved[] = []
  const walk = (at: unknown, path: readonly (string | number)[]): unknown => {
    if (Array.isArray(at)) return at.map((item: unknown, n) => walk(item, [...path, n]))
    if (isRecord(at)) return Object.fromEntries(Object.entries(at).map(([key, item]) => [key, walk(item, [...path, key])]))
    if (typeof at !== 'string' || !at.startsWith('$')) return at
    if (at.startsWith('$$')) return at.slice(1)
    const name = /^\$([A-Za-z_]\w*)$/.exec(at)?.[1] ?? null
    const found = name === null ? undefined : env[name]
    if (found === undefined) problems.push({ path, text: at, name })
    else taken.push(found)
    return found
  }
  const resolved = walk(value, [])
  return problems[0] ?? { value: resolved, taken }
}
