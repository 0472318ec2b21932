import { isDeepStrictEqual } from 'node:util'
import { type BerthError, fail } from '../../../shared/errors.ts'
import { isRecord, type YamlFile, type YamlPath } from './yaml-file.ts'
import { isDeerFlows, meant, mountKeys, nearest, quietSandboxKeys, sections, topKeys } from './keys.ts'

/** One value of the file: `key` as the schema has it, `at` where it stands in the file. */
export interface Entry {
  readonly key: string
  readonly at: YamlPath
  readonly value: unknown
}

export interface Collected {
  readonly entries: ReadonlyMap<string, Entry>
  readonly warnings: readonly string[]
}

/**
 * Every value of the file that is Berth's, from the top level and from `sandbox:`, and a warning about each key there that is
 * not: deer-flow's files have many. Throws BAD_CONFIG for an unknown key within a section or a mount, which are Berth's own
 * or mean what they mean there (a misspelt `read_only` would be no limit at all); where a section is no section; and where
 * one key has two values.
 */
export function collect(yaml: YamlFile): Collected {
  const entries = new Map<string, Entry>()
  const warnings: string[] = []
  const foreign: string[] = []
  const deerFlows = isDeerFlows(yaml.values)

  const put = (entry: Entry) => {
    const other = entries.get(entry.key)
    if (other && !isDeepStrictEqual(other.value, entry.value)) throw twice(yaml, other, entry)
    entries.set(entry.key, entry)
  }
  const unknown = (at: YamlPath, known: readonly string[]) => {
    const right = nearest(String(at.at(-1)), known)
    const hint = right ? `; is \`${right}\` meant?` : ''
    warnings.push(`${yaml.where(at).text}: Berth does not know \`${at.join('.')}\` and leaves it alone${hint}`)
  }

  for (const scope of [[], ['sandbox']]) {
    for (const [name, value] of keysOf(yaml, scope)) {
      const at = [...scope, name]
      const inner = sections.get(name)
      if (scope.length === 0 && name === 'sandbox') continue
      if (inner) {
        for (const [leaf, leafValue] of keysOf(yaml, at)) {
          if (inner.includes(leaf)) put({ key: `${name}.${leaf}`, at: [...at, leaf], value: leafValue })
          // `skills:` is deer-flow's section too, with keys of its own.
          else if (!(deerFlows && name === 'skills' && nearest(leaf, inner) === null)) throw strange(yaml, [...at, leaf], inner)
        }
      } else if (topKeys.includes(name)) put({ key: name, at, value: shaped(yaml, name, at, value) })
      else if (scope.length > 0) {
        if (!quietSandboxKeys.has(name)) unknown(at, topKeys)
      } else if (deerFlows && nearest(name, topKeys) === null) foreign.push(name)
      else unknown(at, topKeys)
    }
  }
  if (foreign.length > 0) warnings.push(`${yaml.file}: Berth uses \`sandbox\` and \`skills\` of it, and leaves alone: ${foreign.join(', ')}`)
  return { entries, warnings }
}

function keysOf(yaml: YamlFile, at: YamlPath): [string, unknown][] {
  let value: unknown = yaml.values
  for (const step of at) value = isRecord(value) ? value[step] : undefined
  if (value === undefined || value === null) return []
  if (isRecord(value)) return Object.entries(value)
  const place = yaml.where(at)
  throw fail('BAD_CONFIG', `${place.text}: \`${at.join('.')}\` is a section and has keys of its own, but a plain value stands there`, {
    next: `Write the keys indented below \`${at.at(-1)}:\`.`,
    details: { file: yaml.file, line: place.line, column: place.column, key: at.join('.') },
  })
}

/** Variables as they are written; and of mounts, which are refused here with better words than the schema has, every key known. */
function shaped(yaml: YamlFile, name: string, at: YamlPath, value: unknown) {
  if (name === 'environment' && isRecord(value)) {
    // `PORT: 8080` and `DEBUG: yes` mean these very letters; a list or a section is still refused.
    return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, isPlain(it) ? (yaml.written([...at, key]) ?? String(it)) : it]))
  }
  if (name === 'mounts' && Array.isArray(value)) {
    for (const [n, item] of value.entries()) {
      const key = isRecord(item) ? Object.keys(item).find((each) => !mountKeys.includes(each)) : undefined
      if (key !== undefined) throw strange(yaml, [...at, n, key], mountKeys)
    }
  }
  return value
}

const isPlain = (value: unknown) => ['number', 'boolean', 'bigint'].includes(typeof value) || value instanceof Date

function strange(yaml: YamlFile, at: YamlPath, known: readonly string[]): BerthError {
  const place = yaml.where(at)
  const key = at.join('.')
  const right = meant(String(at.at(-1)), known)
  return fail('BAD_CONFIG', `${place.text}: there is no \`${key}\`${right ? `; is \`${right}\` meant?` : ''}`, {
    next: `Here stand only: ${known.join(', ')}.`,
    details: { file: yaml.file, line: place.line, column: place.column, key },
  })
}

function twice(yaml: YamlFile, one: Entry, other: Entry): BerthError {
  const [a, b] = [yaml.where(one.at), yaml.where(other.at)]
  return fail('BAD_CONFIG', `${b.text}: \`${other.at.join('.')}\` and \`${one.at.join('.')}\` (line ${a.line}) have different values`, {
    next: 'Keep one of the two: they are the same setting.',
    details: { file: yaml.file, line: b.line, column: b.column, key: other.at.join('.') },
  })
}
