import { InvalidRequest } from './reply.ts'
import type { Problem } from './reply.ts'

/** Where in the request a value is: `['body', 'command']`. */
type Place = readonly (string | number)[]

/** Reads one value, or adds to `problems` and gives back anything of the right type. */
export interface Check<T> {
  readonly read: (value: unknown, place: Place, problems: Problem[]) => T
  /** What an absent (or null) value means; without it absence is a problem. */
  readonly absent?: { readonly value: T }
}

type Shape = Readonly<Record<string, Check<unknown>>>
export type Parsed<S extends Shape> = { readonly [K in keyof S]: S[K] extends Check<infer T> ? T : never }

export const text: Check<string> = {
  read: (value, place, problems) => {
    if (typeof value === 'string') return value
    problems.push({ loc: place, msg: 'Input should be a valid string', type: 'string_type' })
    return ''
  },
}

/** Lax as pydantic is: a string of digits is a number too. */
export function number(limits: { min?: number; max?: number; whole?: boolean } = {}): Check<number> {
  return {
    read: (value, place, problems) => {
      const given = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
      if (typeof given !== 'number' || !Number.isFinite(given)) {
        const kind = limits.whole ? 'integer' : 'number'
        problems.push({ loc: place, msg: `Input should be a valid ${kind}`, type: limits.whole ? 'int_type' : 'float_type' })
        return 0
      }
      if (limits.whole && !Number.isInteger(given)) {
        problems.push({ loc: place, msg: 'Input should be a valid integer, got a number with a fractional part', type: 'int_from_float' })
      } else if (limits.min !== undefined && given < limits.min) {
        problems.push({ loc: place, msg: `Input should be greater than or equal to ${limits.min}`, type: 'greater_than_equal' })
      } else if (limits.max !== undefined && given > limits.max) {
        problems.push({ loc: place, msg: `Input should be less than or equal to ${limits.max}`, type: 'less_than_equal' })
      }
      return given
    },
  }
}

export const bool: Check<boolean> = {
  read: (value, place, problems) => {
    if (typeof value === 'boolean') return value
    if (value === 1 || value === 'true') return true
    if (value === 0 || value === 'false') return false
    problems.push({ loc: place, msg: 'Input should be a valid boolean', type: 'bool_type' })
    return false
  },
}

export function oneOf<T extends string>(...allowed: readonly T[]): Check<T> {
  const first = allowed[0]
  if (first === undefined) throw new TypeError('oneOf needs a value')
  const list = allowed.map((each) => `'${each}'`).join(', ')
  return {
    read: (value, place, problems) => {
      const found = allowed.find((each) => each === value)
      if (found === undefined) problems.push({ loc: place, msg: `Input should be ${list}`, type: 'enum' })
      return found ?? first
    },
  }
}

export const absolutePath: Check<string> = {
  read: (value, place, problems) => {
    const path = text.read(value, place, problems)
    if (typeof value === 'string' && !path.startsWith('/')) {
      problems.push({ loc: place, msg: 'Value error, path must be absolute', type: 'value_error' })
    }
    return path
  },
}

export function listOf<T>(item: Check<T>): Check<readonly T[]> {
  return {
    read: (value, place, problems) => {
      if (Array.isArray(value)) return value.map((each, index) => item.read(each, [...place, index], problems))
      problems.push({ loc: place, msg: 'Input should be a valid list', type: 'list_type' })
      return []
    },
  }
}

export const textMap: Check<Readonly<Record<string, string>>> = {
  read: (value, place, problems) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      problems.push({ loc: place, msg: 'Input should be a valid dictionary', type: 'dict_type' })
      return {}
    }
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, text.read(each, [...place, key], problems)]))
  },
}

export function optional<T>(check: Check<T>): Check<T | undefined> {
  return { read: check.read, absent: { value: undefined } }
}

export function or<T>(check: Check<T>, value: T): Check<T> {
  return { read: check.read, absent: { value } }
}

/** Reads an object of the given shape, or throws every problem at once. Unknown fields are let through. */
export function parse<S extends Shape>(value: unknown, shape: S, root = 'body'): Parsed<S> {
  if (value === undefined) {
    // No body is an empty one where nothing is needed: SDKs send none for a call without arguments.
    if (Object.values(shape).every((check) => check.absent)) return parse({}, shape, root)
    throw new InvalidRequest([{ loc: [root], msg: 'Field required', type: 'missing' }])
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidRequest([{ loc: [root], msg: 'Input should be a valid dictionary or object', type: 'model_attributes_type' }])
  }
  const problems: Problem[] = []
  const given = new Map<string, unknown>(Object.entries(value))
  const parsed: Record<string, unknown> = {}
  for (const [name, check] of Object.entries(shape)) {
    const each = given.get(name)
    if (each !== undefined && each !== null) parsed[name] = check.read(each, [root, name], problems)
    else if (check.absent) parsed[name] = check.absent.value
    else if (each === null) check.read(null, [root, name], problems)
    else problems.push({ loc: [root, name], msg: 'Field required', type: 'missing' })
  }
  if (problems.length > 0) throw new InvalidRequest(problems)
  return parsed as Parsed<S>
}
