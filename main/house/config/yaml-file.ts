import { isUtf8 } from 'node:buffer'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { type BerthError, fail } from '../../../shared/errors.ts'

export type YamlPath = readonly (string | number)[]

/** A parsed configuration file that still knows where each value stands. */
export interface YamlFile {
  readonly file: string
  readonly values: Readonly<Record<string, unknown>>
  /** A scalar as it was written: `8080`, `yes`; null where there is none at this path. */
  written(path: YamlPath): string | null
  /** `file:line:column` of a value, or of the nearest thing around it. */
  where(path: YamlPath): { readonly text: string; readonly line: number; readonly column: number }
}

/** Throws BAD_CONFIG with line and column. Never quotes the file, which may hold secrets. */
export function parseYaml(file: string, text: string): YamlFile {
  const lines = new LineCounter()
  // 1.1, as deer-flow's own loader reads it: `read_only: yes` is true, `<<` merges.
  const document = parseDocument(text, { version: '1.1', lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { text: `${file}:${line}:${col}`, line, column: col }
  }
  const wrong = document.errors[0]
  if (wrong)
    throw notYaml(
      place(wrong.pos[0]),
      wrong.code === 'MULTIPLE_DOCS' ? 'a second document begins here (`---`), and a configuration is one' : wrong.message,
      wrong,
    )
  return {
    file,
    values: asValues(document, place),
    written(path) {
      const node = nodeAt(document, path)
      return isScalar(node) && node.source !== undefined ? node.source : null
    },
    where(path) {
      for (let length = path.length; length > 0; length--) {
        const offset = offsetOf(document, path.slice(0, length))
        if (offset !== null) return place(offset)
      }
      return place(0)
    },
  }
}

function asValues(document: Document, place: (offset: number) => Place): Record<string, unknown> {
  if (document.contents === null) return {}
  const root: unknown = document.contents
  if (isMap(root)) {
    try {
      return document.toJS() as Record<string, unknown>
    } catch (error) {
      // An alias that grows without end.
      throw notYaml(place(root.range?.[0] ?? 0), error instanceof Error ? error.message : String(error), error)
    }
  }
  if (isScalar(root) && root.value === null) return {}
  throw notYaml(place(0), 'expected keys with values (`replicas: 3`), found something else', undefined)
}

type Place = { text: string; line: number; column: number }

function notYaml(place: Place, message: string, cause: unknown): BerthError {
  return fail('BAD_CONFIG', `${place.text}: ${message}`, {
    next: 'Correct the file; `berth doctor` reads it again.',
    details: { line: place.line, column: place.column },
    cause,
  })
}

/** Where a key's value begins; for an empty value, where the key does. */
function offsetOf(document: Document, path: YamlPath): number | null {
  const parent = nodeAt(document, path.slice(0, -1))
  const pair = isMap(parent) ? pairOf(document, parent, path.at(-1)) : undefined
  return rangeStart(nodeAt(document, path)) ?? rangeStart(pair?.key)
}

/** What stands at a path where its letters are: behind aliases, and in the map that a merge (`<<`) takes it from. */
function nodeAt(document: Document, path: YamlPath): unknown {
  let node = behind(document, document.contents)
  for (const step of path) {
    if (isMap(node)) node = behind(document, pairOf(document, node, step)?.value)
    else if (isSeq(node)) node = behind(document, node.items[Number(step)])
    else return undefined
  }
  return node
}

function behind(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

/** A key of the map itself, else of the first merged map that has it. */
function pairOf(document: Document, map: YAMLMap, key: string | number | undefined): Pair | undefined {
  const own = map.items.find((item) => isScalar(item.key) && !isMerge(item) && String(item.key.value) === String(key))
  if (own) return own
  for (const merge of map.items.filter(isMerge)) {
    const from = behind(document, merge.value)
    for (const each of isSeq(from) ? from.items : [from]) {
      const merged = behind(document, each)
      const found = isMap(merged) ? pairOf(document, merged, key) : undefined
      if (found) return found
    }
  }
  return undefined
}

function isMerge({ key }: Pair): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<'
}

function rangeStart(node: unknown): number | null {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return null
  const start: unknown = node.range[0]
  // An empty value has a range too, of no width, behind its key.
  return typeof start === 'number' && node.range[0] !== node.range[1] ? start : null
}

/**
 * The text of a configuration file. Throws BAD_CONFIG where it is not UTF-8: read all the same, its letters would be other
 * ones, and an edit would write these back.
 */
export function configText(bytes: Buffer, path: string): string {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw fail('BAD_CONFIG', `${path} is UTF-16, as some shells write it with \`>\``, { next: 'Save it as UTF-8.', details: { file: path } })
  }
  if (!isUtf8(bytes)) {
    const line = firstStrangeLine(bytes)
    throw fail('BAD_CONFIG', `${path}:${line}: a letter is not UTF-8; it may be Latin-1`, { next: 'Save the file as UTF-8.', details: { file: path, line } })
  }
  return bytes.toString('utf8')
}

function firstStrangeLine(bytes: Buffer): number {
  let line = 1
  for (let from = 0; from < bytes.length; line += 1) {
    const newline = bytes.indexOf(10, from)
    const end = newline < 0 ? bytes.length : newline
    if (!isUtf8(bytes.subarray(from, end))) return line
    from = end + 1
  }
  return line
}

/** A plain map, as YAML and JSON give them: no list, no date. */
export function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
