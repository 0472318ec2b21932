import { z } from 'zod'
import { config, mount } from '../../../shared/config.ts'

/** The sections that have keys of their own: `capacity` -> `mode`, `acquire_timeout`. */
export const sections: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(config.shape).flatMap(([key, schema]) => {
    const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema
    return inner instanceof z.ZodObject ? [[key, Object.keys(inner.shape)] as const] : []
  }),
)

export const topKeys: readonly string[] = Object.keys(config.shape)
export const mountKeys: readonly string[] = Object.keys(mount.shape)

/** Every key that has a value, dotted. */
export const leafKeys: readonly string[] = topKeys.flatMap((key) => sections.get(key)?.map((inner) => `${key}.${inner}`) ?? [key])

/** deer-flow's keys under `sandbox:` that mean nothing here and promise nothing, so that nobody need be told. */
export const quietSandboxKeys: ReadonlySet<string> = new Set([
  'use',
  'auto_start',
  'base_url',
  'allow_host_bash',
  'bash_command_timeout',
  'bash_output_max_chars',
  'read_file_output_max_chars',
  'ls_output_max_chars',
  'thread_data_mounts',
])

/** Whether a file is deer-flow's whole configuration and not one written for Berth. */
export function isDeerFlows(values: Readonly<Record<string, unknown>>): boolean {
  const sandbox = values['sandbox']
  const names = typeof sandbox === 'object' && sandbox !== null ? Object.keys(sandbox) : []
  return names.includes('use') || ['models', 'tools', 'tool_groups', 'config_version'].some((key) => key in values)
}

/** What compose, Kubernetes and the container engines call it. */
const elsewhere: Readonly<Record<string, string>> = {
  ro: 'read_only',
  mode: 'read_only',
  readonly: 'read_only',
  source: 'host_path',
  src: 'host_path',
  host: 'host_path',
  target: 'container_path',
  dst: 'container_path',
  destination: 'container_path',
  mountpath: 'container_path',
  container: 'container_path',
  mem: 'memory',
  mem_limit: 'memory',
  memory_limit: 'memory',
  cpu: 'cpus',
  cpu_limit: 'cpus',
  nano_cpus: 'cpus',
  pids_limit: 'pids',
}

/** The key of a section that was probably meant, by its letters or by what others call it; null if none is near. */
export function meant(key: string, known: readonly string[]): string | null {
  const other = elsewhere[key.toLowerCase()]
  return nearest(key, known) ?? (other !== undefined && known.includes(other) ? other : null)
}

/** The key that was probably meant, null if none is near. */
export function nearest(key: string, known: readonly string[]): string | null {
  const limit = key.length <= 4 ? 1 : 2
  for (const candidate of known) if (distance(key.toLowerCase(), candidate, limit) <= limit) return candidate
  return null
}

/** Letters to change, add or leave out, counted up to just above `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let above = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    above = row
  }
  return above[b.length] ?? limit + 1
}
