import { isCollection, parseDocument, type Document } from 'yaml'
import { asBerthError, fail } from '../../shared/errors.ts'
import { leafKeys } from './keys.ts'
import { readConfig } from './load-config.ts'
import type { Env } from './overrides.ts'

/** What deer-flow has in its `sandbox` section: set there, so that it reads them as well. */
const deerFlows = new Set(['image', 'port', 'container_prefix', 'idle_timeout', 'replicas', 'mounts', 'environment', 'provisioner_url', 'provisioner_api_key'])
/** Read once, when Berth starts. */
const atStart = /^(backend|embedded\.|provisioner_|bridge\.(port|sandbox_port|listen))/

/**
 * The file's text with one key set, or taken out (`null`): comments, order and blank lines stay. The result is read as at a
 * start before it is given back; BAD_CONFIG says what is wrong with the value.
 */
export function editConfig(text: string, path: string, env: Env, key: string, value: unknown): { text: string; restart: boolean } {
  if (!leafKeys.includes(key)) throw fail('BAD_CONFIG', `There is no setting ${JSON.stringify(key.slice(0, 60))}`, { next: 'Look at the list: berth config' })
  const document = parseDocument(text, { version: '1.1', logLevel: 'error' })
  if (document.errors[0]) {
    throw fail('BAD_CONFIG', `The file cannot be changed while it is not in order: ${document.errors[0].message.split('\n')[0]}`, { next: 'Correct it in an editor first.', cause: document.errors[0] })
  }
  const at = placeOf(document, key)
  if (value === null || value === undefined) document.deleteIn(at)
  else document.setIn(at, document.createNode(value))
  tidy(document, at)
  const edited = document.contents === null ? '' : document.toString({ lineWidth: 0 })
  try {
    readConfig(edited, path, env)
  } catch (error) {
    const { message, next, details } = asBerthError(error)
    throw fail('BAD_CONFIG', message.replace(/^\S+:\d+:\d+: /, ''), { next, details: { ...details, key }, cause: error })
  }
  return { text: edited, restart: atStart.test(key) }
}

/** Where it stands already; otherwise where it belongs. */
function placeOf(document: Document, key: string): string[] {
  const path = key.split('.')
  const inSandbox = ['sandbox', ...path]
  if (document.hasIn(inSandbox)) return inSandbox
  if (document.hasIn(path)) return path
  return deerFlows.has(path[0] ?? '') && document.hasIn(['sandbox']) ? inSandbox : path
}

/** A section without keys would be read as a plain value that is none. */
function tidy(document: Document, at: readonly string[]): void {
  for (let length = at.length - 1; length > 0; length -= 1) {
    const above = document.getIn(at.slice(0, length))
    if (isCollection(above) && above.items.length === 0) document.deleteIn(at.slice(0, length))
  }
}
