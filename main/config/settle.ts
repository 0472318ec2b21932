import type { z } from 'zod'
import { config as schema, type Config } from '../../shared/config.ts'
import { fail, type BerthError } from '../../shared/errors.ts'
import type { Entry } from './collect.ts'
import { isRecord } from './is-record.ts'
import { sections } from './keys.ts'
import type { Env } from './overrides.ts'
import { secretName } from './redact.ts'
import { resolveVariables } from './variables.ts'
import type { YamlFile, YamlPath } from './yaml-file.ts'

/** Keys whose variables are secrets; elsewhere (`image: $IMAGE`) they are settings, to be seen in logs. */
const secretKeys: ReadonlySet<string> = new Set(['environment', 'provisioner_url', 'provisioner_api_key'])
/** As in deer-flow, a port of 0 is none. */
const zeroIsUnset: ReadonlySet<string> = new Set(['port', 'bridge.port', 'bridge.sandbox_port'])
/** Here null has a meaning of its own (no limit), which differs from the default. */
const nullIsValue: ReadonlySet<string> = new Set(['resources.pids'])

export interface Settled {
  readonly config: Config
  /** What variables gave to keys that hold secrets. */
  readonly secrets: readonly string[]
  /** Keys that the file really sets. */
  readonly set: ReadonlySet<string>
}

/** Variables resolved, empty values made defaults, the whole validated. Throws BAD_CONFIG at its line and column. */
export function settle(yaml: YamlFile, entries: ReadonlyMap<string, Entry>, env: Env): Settled {
  const raw: Record<string, unknown> = {}
  const secrets: string[] = []
  const set = new Set<string>()
  for (const { key, at, value } of entries.values()) {
    const resolved = resolveVariables(value, env)
    if (!('value' in resolved)) throw unset(yaml, [...at, ...resolved.path], resolved.name)
    if (isUnset(key, resolved.value)) continue
    if (secretKeys.has(key)) secrets.push(...resolved.taken)
    set.add(key)
    put(raw, key, resolved.value)
  }
  return { config: validate(yaml, entries, raw), secrets, set }
}

/** All that must not be shown: resolved variables, variables whose names say so, and the provisioner's key, in its URL or not. */
export function secretsOf(config: Config, resolved: readonly string[]): string[] {
  const named = Object.entries(config.environment).filter(([name]) => secretName(name))
  const password = URL.parse(config.provisioner_url ?? '')?.password ?? ''
  const all = [...resolved, ...named.map(([, value]) => value), password, safeDecode(password), config.provisioner_api_key ?? '']
  return [...new Set(all)].filter((secret) => secret !== '')
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A stray `%`: then the text as it stands is the only form there is.
    return text
  }
}

function isUnset(key: string, value: unknown): boolean {
  if (value === '' || value === undefined) return true
  if (value === null) return !nullIsValue.has(key)
  return value === 0 && zeroIsUnset.has(key)
}

function put(raw: Record<string, unknown>, key: string, value: unknown): void {
  const [section = key, leaf] = key.split('.')
  if (leaf === undefined) raw[section] = value
  else raw[section] = { ...(isRecord(raw[section]) ? raw[section] : {}), [leaf]: value }
}

function validate(yaml: YamlFile, entries: ReadonlyMap<string, Entry>, raw: Record<string, unknown>): Config {
  const first = schema.safeParse(raw)
  if (first.success) return first.data
  // A variable is text, and deer-flow takes quoted numbers: `port: $PORT`, `replicas: "3"`.
  const second = schema.safeParse(first.error.issues.reduce<unknown>(coerced, raw))
  if (second.success) return second.data
  throw refused(yaml, entries, second.error.issues)
}

type Issue = z.core.$ZodIssue

function coerced(value: unknown, issue: Issue): unknown {
  if (issue.code !== 'invalid_type') return value
  const change = (at: unknown, path: readonly PropertyKey[]): unknown => {
    const [step, ...rest] = path
    if (step === undefined) return asType(at, issue.expected)
    if (Array.isArray(at)) return at.map((item: unknown, n) => (n === step ? change(item, rest) : item))
    return isRecord(at) ? { ...at, [step]: change(at[String(step)], rest) } : at
  }
  return change(value, issue.path)
}

function asType(value: unknown, expected: string): unknown {
  if (typeof value !== 'string') return value
  if ((expected === 'number' || expected === 'int') && /^\s*-?\d+(\.\d+)?\s*$/.test(value)) return Number(value)
  if (expected === 'boolean' && /^(true|yes|on|1)$/i.test(value)) return true
  if (expected === 'boolean' && /^(false|no|off|0)$/i.test(value)) return false
  return value
}

function refused(yaml: YamlFile, entries: ReadonlyMap<string, Entry>, issues: readonly Issue[]): BerthError {
  const rows = issues
    .map((issue) => {
      const path = filePath(entries, issue.path)
      const place = yaml.where(path)
      return { key: path.join('.'), expected: issue.message.replace(/^Invalid (input|option): /, ''), ...place }
    })
    .sort((a, b) => a.line - b.line || a.column - b.column)
  const [first] = rows
  const more = rows.length > 1 ? ` (and ${rows.length - 1} more)` : ''
  return fail('BAD_CONFIG', `${first?.text ?? yaml.file}: \`${first?.key ?? ''}\`: ${first?.expected ?? 'does not fit'}${more}`, {
    next: 'Correct the value, or take the line out: every key has a default.',
    details: {
      file: yaml.file, line: first?.line, column: first?.column, key: first?.key, expected: first?.expected,
      errors: rows.map(({ text, key, expected }) => `${text}: \`${key}\`: ${expected}`),
    },
  })
}

/** From a path of the schema to where that stands in the file. */
function filePath(entries: ReadonlyMap<string, Entry>, path: readonly PropertyKey[]): YamlPath {
  const steps = path.map((step) => (typeof step === 'number' ? step : String(step)))
  const length = sections.has(String(steps[0])) ? 2 : 1
  const entry = entries.get(steps.slice(0, length).join('.'))
  return entry ? [...entry.at, ...steps.slice(length)] : steps
}

function unset(yaml: YamlFile, at: YamlPath, name: string | null): BerthError {
  const place = yaml.where(at)
  const key = at.join('.')
  const details = { file: yaml.file, line: place.line, column: place.column, key, ...(name ? { variable: name } : {}) }
  if (name) {
    return fail('BAD_CONFIG', `${place.text}: \`${key}\` wants the variable $${name}, which is not set`, {
      next: `Set ${name} where Berth is started; a value that really begins with a dollar sign is written $$${name}.`,
      details,
    })
  }
  return fail('BAD_CONFIG', `${place.text}: \`${key}\` begins with $ but is no variable: expected $NAME as the whole value`, {
    next: 'Write the whole value as $NAME, or begin it with $$ for a plain dollar sign.',
    details,
  })
}
