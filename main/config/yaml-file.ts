import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import { fail, type BerthError } from '../../shared/errors.ts'

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
  if (wrong) throw notYaml(place(wrong.pos[0]), wrong.message, wrong)
  return {
    file,
    values: asValues(document, place),
    written(path) {
      const node = document.getIn(path, true)
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
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const last = path.at(-1)
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(last))
    const value: unknown = pair?.value
    return rangeStart(value) ?? rangeStart(pair?.key)
  }
  return rangeStart(document.getIn(path, true))
}

function rangeStart(node: unknown): number | null {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return null
  const start: unknown = node.range[0]
  // An empty value has a range too, of no width, behind its key.
  return typeof start === 'number' && node.range[0] !== node.range[1] ? start : null
}
