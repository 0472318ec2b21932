import type { z } from 'zod'
import { config as schema, type Config } from '../../../shared/config.ts'
import { type BerthError, fail } from '../../../shared/errors.ts'
import type { Entry } from './collect.ts'
import { isRecord, type YamlFile, type YamlPath } from './yaml-file.ts'
import { sections } from './keys.ts'

export type Env = Readonly<Record<string, string | undefined>>

/**
 * For a Berth that itself runs in a container: how the engine sees what Berth sees. deer-flow's variables, each also as
 * BERTH_*, which wins. null: not set, both see the same.
 */
export interface Overrides {
  /** The home's path on the engine's machine. */
  readonly hostBaseDir: string | null
  /** The skills directory's path on the engine's machine. */
  readonly hostSkillsPath: string | null
  /** Host name by which a published port is reached, instead of the loopback address. */
  readonly sandboxHost: string | null
}

export const overrideVariables = {
  hostBaseDir: ['BERTH_HOST_BASE_DIR', 'DEER_FLOW_HOST_BASE_DIR'],
  hostSkillsPath: ['BERTH_HOST_SKILLS_PATH', 'DEER_FLOW_HOST_SKILLS_PATH'],
  sandboxHost: ['BERTH_SANDBOX_HOST', 'DEER_FLOW_SANDBOX_HOST'],
} as const satisfies Record<keyof Overrides, readonly string[]>

/** Throws BAD_CONFIG where a value cannot be meant. */
export function readOverrides(env: Env): Overrides {
  return {
    hostBaseDir: absolute(env, overrideVariables.hostBaseDir),
    hostSkillsPath: absolute(env, overrideVariables.hostSkillsPath),
    sandboxHost: hostName(env, overrideVariables.sandboxHost),
  }
}

function pick(env: Env, names: readonly string[]): { name: string; value: string } | null {
  for (const name of names) {
    const value = env[name]
    if (value) return { name, value }
  }
  return null
}

/** A path of another machine, which may be a Windows one under a Linux Berth. */
function absolute(env: Env, names: readonly string[]): string | null {
  const found = pick(env, names)
  if (!found) return null
  if (/^(\/|[A-Za-z]:[\\/]|\\\\)/.test(found.value)) return found.value
  throw fail('BAD_CONFIG', `The variable ${found.name} is not an absolute path`, {
    next: `Set ${found.name} to the directory's full path on the machine the container engine runs on, or unset it.`,
    details: { key: found.name },
  })
}

function hostName(env: Env, names: readonly string[]): string | null {
  const found = pick(env, names)
  if (!found) return null
  if (/^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)$/.test(found.value)) return found.value
  throw fail('BAD_CONFIG', `The variable ${found.name} is not a host name`, {
    next: `Set ${found.name} to a name or an address without scheme, port or path, e.g. host.docker.internal.`,
    details: { key: found.name },
  })
}

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
      file: yaml.file,
      line: first?.line,
      column: first?.column,
      key: first?.key,
      expected: first?.expected,
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

export interface Resolved {
  readonly value: unknown
  /** What came out of variables, wherever in the value. */
  readonly taken: readonly string[]
}

/** A `$NAME` that cannot be resolved, at `path` within the value. */
export interface Unresolved {
  readonly path: readonly (string | number)[]
  readonly text: string
  readonly name: string | null
}

/**
 * Replaces every whole value `$NAME` by that variable, through lists and maps. `$$...` is a literal `$...`. As in
 * deer-flow nothing inside a value is replaced, and anything else that begins with `$` is an error and not a literal.
 */
function resolveVariables(value: unknown, env: Env): Resolved | Unresolved {
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

/** Shorter ones would tear holes into every text; `describeConfig` leaves them out by key instead. */
const shortest = 6
const hole = '[secret]'

/** Replaces every secret in a text, also in the forms that JSON and URLs give it. */
export function redact(text: string, secrets: readonly string[]): string {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (secret.length < shortest) continue
    forms.add(secret)
    forms.add(JSON.stringify(secret).slice(1, -1))
    forms.add(encodeURIComponent(secret.toWellFormed()))
  }
  // Longest first: a secret that contains another must not be left in halves.
  const ordered = [...forms].sort((a, b) => b.length - a.length)
  return ordered.reduce((done, form) => done.replaceAll(form, hole), text)
}

/** Whether a variable's name says that its value is one nobody should read. */
export function secretName(name: string): boolean {
  return /KEY|SECRET|TOKEN|PASS|PWD|CREDENTIAL|DSN|AUTH|COOKIE|_PAT$|_URL$|_URI$/i.test(name)
}
