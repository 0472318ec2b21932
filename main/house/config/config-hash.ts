import { createHmac } from 'node:crypto'
import type { Config } from '../../../shared/config.ts'
import type { Overrides } from './settle.ts'

/** What beside the configuration makes a warm sandbox outdated. */
export interface HashContext {
  /** The installation's secret: the hash stands in a label, and guessing a short variable from it must not be possible. */
  readonly secret: string
  /** Berth's version, as the lite server comes with it. */
  readonly version: string
  readonly overrides: Overrides
}

/** Whether a warm sandbox that was made under another value is outdated: what it is made of, not how long it lives or who may ask for it. */
const outdates: Readonly<Record<keyof Config, boolean>> = {
  image: true,
  port: false,
  container_prefix: false,
  idle_timeout: false,
  replicas: false,
  spares: false,
  spares_memory: false,
  pause_after: false,
  mounts: true,
  environment: true,
  user: true,
  provisioner_url: false,
  provisioner_api_key: false,
  skills: true,
  backend: false,
  embedded: false,
  capacity: false,
  resources: true,
  deer_flow: false,
  stop_grace: false,
  ready_timeout: false,
  on_exit: false,
  ui: false,
  bridge: false,
}

/** 32 hex digits; another value means that a sandbox made now would be another one. */
export function configHash(config: Config, context: HashContext): string {
  const { hostBaseDir, hostSkillsPath } = context.overrides
  const facts = {
    ...Object.fromEntries(Object.entries(config).filter(([key]) => outdates[key as keyof Config])),
    hostBaseDir,
    hostSkillsPath,
    version: context.version,
  }
  return createHmac('sha256', Buffer.from(context.secret, 'hex')).update(canonical(facts)).digest('hex').slice(0, 32)
}

/** JSON with keys in order, so that moving a line in the file changes nothing. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const rows = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${rows.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
}
