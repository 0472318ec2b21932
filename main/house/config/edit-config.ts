import { isDeepStrictEqual } from 'node:util'
import { Document, isCollection, isMap, isScalar, isSeq, parseDocument, type Node, YAMLMap } from 'yaml'
import { asBerthError, fail } from '../../../shared/errors.ts'
import { isRecord } from './yaml-file.ts'
import { leafKeys } from './keys.ts'
import { readConfig } from './load-config.ts'
import { overrideVariables, type Env } from './settle.ts'

/** What deer-flow has in its `sandbox` section: set there, so that it reads them as well. */
const deerFlows = new Set(['image', 'port', 'container_prefix', 'idle_timeout', 'replicas', 'mounts', 'environment', 'provisioner_url', 'provisioner_api_key'])
/** Read once, when Berth starts. */
const atStart = /^(backend|embedded\.|provisioner_|bridge\.(port|sandbox_port|listen))/
/** As everywhere in this house: deer-flow's own loader reads 1.1. */
const yaml = { version: '1.1', logLevel: 'error' } as const

/**
 * The file's text with one key set, or taken out (`null`): comments, order and blank lines stay. The result is read as at a
 * start before it is given back; BAD_CONFIG says what is wrong with the value.
 */
export function editConfig(text: string, path: string, env: Env, key: string, value: unknown): { text: string; restart: boolean } {
  const fixed = Object.values(overrideVariables).find(([name]) => name === key)
  if (fixed)
    throw fail('BAD_CONFIG', `${key} is set by the environment in which Berth was started, not by the file`, {
      next: `Set ${fixed.join(' or ')} there and start Berth again.`,
      details: { key },
    })
  if (!leafKeys.includes(key) && !/^environment\.[^.]+$/.test(key)) {
    throw fail('BAD_CONFIG', `There is no setting ${JSON.stringify(key.slice(0, 60))}`, { next: 'Look at the list: berth config', details: { key } })
  }
  const document = parseDocument(text, yaml)
  if (document.errors[0]) {
    throw fail('BAD_CONFIG', `The file cannot be changed while it is not in order: ${document.errors[0].message.split('\n')[0]}`, {
      next: 'Correct it in an editor first.',
      cause: document.errors[0],
    })
  }
  const at = placeOf(document, key)
  const edited = inPlace(text, document, at, value) ?? asBefore(text, rewritten(document, at, value))
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
  return deerFlows.has(path[0] ?? '') && isCollection(document.getIn(['sandbox'])) ? inSandbox : path
}

/** One plain value for another touches nothing else of the file, not even its spacing; null: it is not as simple. */
function inPlace(text: string, document: Document, at: readonly string[], value: unknown): string | null {
  const node = document.getIn(at, true)
  if (!isScalar(node) || !node.range || node.range[0] === node.range[1] || node.anchor !== undefined || node.tag !== undefined) return null
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return null
  const written = new Document(value, yaml).toString({ lineWidth: 0 }).trim()
  if (written.includes('\n')) return null
  const edited = text.slice(0, node.range[0]) + written + text.slice(node.range[1])
  const again = parseDocument(edited, yaml)
  return again.errors.length === 0 && again.getIn(at) === value ? edited : null
}

function rewritten(document: Document, at: readonly string[], value: unknown): string {
  try {
    if (value === null || value === undefined) {
      if (document.hasIn(at)) document.deleteIn(at)
    } else {
      sectioned(document, at)
      document.setIn(at, updated(document, document.getIn(at, true), value))
    }
    tidy(document, at)
    return document.contents === null ? '' : document.toString({ lineWidth: 0 })
  } catch (cause) {
    throw fail('BAD_CONFIG', `${at.join('.')} stands in a part of the file that cannot be changed from here`, {
      next: 'Change it in an editor.',
      details: { key: at.join('.') },
      cause,
    })
  }
}

/** The library ends lines its own way, and begins without a mark: here both are as the file had them. */
function asBefore(before: string, after: string): string {
  const lines = before.split('\n').length - 1
  const windows = before.split('\r\n').length - 1
  const ended = windows * 2 > lines ? after.replaceAll(/\r?\n/g, '\r\n') : after
  return before.startsWith('\ufeff') && !ended.startsWith('\ufeff') ? `\ufeff${ended}` : ended
}

/** A node of this value that keeps as much of the old one as still holds, and with it what people wrote beside it. */
function updated(document: Document, old: unknown, value: unknown): Node {
  if (isMap(old) && isRecord(value)) {
    for (const { key } of [...old.items]) if (isScalar(key) && !Object.hasOwn(value, String(key.value))) old.delete(key)
    for (const [key, item] of Object.entries(value)) old.set(key, updated(document, old.get(key, true), item))
    return old
  }
  if (isSeq(old) && Array.isArray(value)) {
    const left = [...old.items]
    const had = left.map((item) => toJs(document, item))
    const take = (fits: (one: unknown) => boolean): unknown => {
      const at = had.findIndex(fits)
      if (at < 0) return undefined
      had.splice(at, 1)
      return left.splice(at, 1)[0]
    }
    // What is the very same first, so that nobody else takes it; a mount is known by where it is in the sandbox.
    const same = value.map((item: unknown) => take((one) => isDeepStrictEqual(one, item)))
    old.items = value.map(
      (item: unknown, n) =>
        same[n] ??
        updated(
          document,
          take((one) => sameMount(one, item)),
          item,
        ),
    )
    return old
  }
  if (isScalar(old) && isDeepStrictEqual(old.value, value)) return old
  const node = document.createNode(value)
  if (isScalar(old) && isScalar(node)) Object.assign(node, { comment: old.comment, commentBefore: old.commentBefore })
  return node
}

function toJs(document: Document, node: unknown): unknown {
  return isScalar(node) || isCollection(node) ? node.toJS(document) : node
}

function sameMount(one: unknown, other: unknown): boolean {
  return isRecord(one) && isRecord(other) && one['container_path'] !== undefined && one['container_path'] === other['container_path']
}

/** The sections above it, made where there are none: left to the library they would be ordered maps, which nobody reads. */
function sectioned(document: Document, at: readonly string[]): void {
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
    document.contents = new YAMLMap(document.schema) as unknown as typeof document.contents
  for (let length = 1; length < at.length; length += 1) {
    const above: unknown = document.getIn(at.slice(0, length), true)
    // `bridge:` with nothing below it is no section yet.
    if (above === undefined || (isScalar(above) && above.value === null)) document.setIn(at.slice(0, length), document.createNode({}))
  }
}

/** A section without keys would be read as a plain value that is none. */
function tidy(document: Document, at: readonly string[]): void {
  for (let length = at.length - 1; length > 0; length -= 1) {
    const above = document.getIn(at.slice(0, length))
    if (isCollection(above) && above.items.length === 0) document.deleteIn(at.slice(0, length))
  }
  if (isCollection(document.contents) && document.contents.items.length === 0) document.contents = null
}
