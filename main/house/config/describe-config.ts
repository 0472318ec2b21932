import { config as schema } from '../../../shared/config.ts'
import type { CallResult } from '../../../shared/contract.ts'
import type { BerthError } from '../../../shared/errors.ts'
import { isRecord } from './yaml-file.ts'
import { leafKeys } from './keys.ts'
import type { LoadedConfig } from './load-config.ts'
import { type Overrides, overrideVariables, redact, secretName } from './settle.ts'

type Row = CallResult<'config'>['values'][number]

/** The answer of the `config` call: every key, secrets left out. `error`: a bad edit that is being ignored. */
export function describeConfig(loaded: LoadedConfig, error: BerthError | null): CallResult<'config'> {
  const defaults = schema.parse({})
  const values = leafKeys.flatMap((key): Row[] => {
    const row = { key, value: at(loaded.config, key), default: at(defaults, key), source: loaded.sources[key] ?? 'default' }
    // However short it is: `redact` lets a short one stand in a text.
    if (key === 'provisioner_api_key' && row.value !== null) return [{ ...row, value: '[secret]' }]
    return key === 'environment' && isRecord(row.value) ? variables(row, row.value, loaded.secrets) : [{ ...row, value: shown(row.value, loaded.secrets) }]
  })
  return {
    file: loaded.file,
    values: [...values, ...overrideRows(loaded.overrides)],
    warnings: [...loaded.warnings],
    error: error && redact(error.message, loaded.secrets),
  }
}

function at(values: unknown, key: string): unknown {
  return key.split('.').reduce<unknown>((inner, step) => (isRecord(inner) ? inner[step] : undefined), values)
}

/** A row a variable; a short secret is left out here, though `redact` would let it stand in a text. */
function variables(row: Row, environment: Record<string, unknown>, secrets: readonly string[]): Row[] {
  const names = Object.keys(environment)
  if (names.length === 0) return [row]
  return names.map((name) => {
    const value = environment[name]
    const secret = secretName(name) || secrets.includes(String(value))
    return { key: `environment.${name}`, value: secret ? '[secret]' : shown(value, secrets), default: null, source: row.source }
  })
}

/** Copied, with every text in it redacted. */
function shown(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return redact(value, secrets)
  if (Array.isArray(value)) return value.map((item: unknown) => shown(item, secrets))
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item, secrets)]))
  return value
}

function overrideRows(overrides: Overrides): Row[] {
  const keys = Object.keys(overrideVariables) as (keyof Overrides)[]
  return keys.map((key) => ({
    key: overrideVariables[key][0],
    value: overrides[key],
    default: null,
    source: overrides[key] === null ? 'default' : 'environment',
  }))
}
