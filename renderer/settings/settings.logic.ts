import type { Config } from '../../shared/config.ts'
import type { CallResult } from '../../shared/contract.ts'

export type ConfigValue = CallResult<'config'>['values'][number]

export type Kind =
  | { readonly kind: 'number'; readonly unit?: string }
  | { readonly kind: 'text' }
  | { readonly kind: 'choice'; readonly options: readonly (readonly [value: string, label: string])[] }
  /** Too much for a field: shown, and edited in the file. */
  | { readonly kind: 'file' }

export interface Setting {
  readonly key: string
  readonly label: string
  readonly help: string
  readonly as: Kind
  /** An empty field means that there is none. */
  readonly optional?: boolean
}

export interface Section {
  readonly id: string
  readonly title: string
  readonly settings: readonly Setting[]
}

const number = (unit?: string): Kind => ({ kind: 'number', ...(unit === undefined ? {} : { unit }) })
const text: Kind = { kind: 'text' }
const file: Kind = { kind: 'file' }

/** Not yet: Apple's containers. */
const backends: Readonly<Record<Exclude<Config['backend'], 'apple'>, string>> = {
  auto: 'Automatic',
  docker: 'Containers',
  embedded: 'Embedded',
  remote: 'A provisioner',
}

/** Keys of the configuration as they stand in a path: what is within a list or a table is not one of ours. */
type SettingKey<T = Config, Below extends string = ''> = {
  [K in keyof T & string]: IsTable<NonNullable<T[K]>> extends true ? SettingKey<NonNullable<T[K]>, `${Below}${K}.`> : `${Below}${K}`
}[keyof T & string]
type IsTable<T> = T extends readonly unknown[] ? false : T extends object ? (string extends keyof T ? false : true) : false

/** In the order in which a person looks for them. */
const titles = [
  { id: 'capacity', title: 'Capacity' },
  { id: 'idle', title: 'Idle' },
  { id: 'sandbox', title: 'Sandbox' },
  { id: 'mounts', title: 'Mounts' },
  { id: 'environment', title: 'Environment' },
  { id: 'engine', title: 'Engine' },
  { id: 'bridge', title: 'Bridge' },
  { id: 'window', title: 'Window' },
] as const

/** Every setting, in the order in which a person looks for it: one that is not here does not compile. */
const settings: Readonly<Record<SettingKey, Omit<Setting, 'key'> & { readonly in: (typeof titles)[number]['id'] }>> = {
  replicas: { in: 'capacity', label: 'Replicas', help: 'Sandboxes kept at most, used or warm. Slots come on top.', as: number() },
  'capacity.mode': {
    in: 'capacity',
    label: 'When it is full',
    help: 'Go past it with a warning, make callers wait, or refuse.',
    as: {
      kind: 'choice',
      options: [
        ['soft', 'Go past it (soft)'],
        ['queue', 'Wait (queue)'],
        ['reject', 'Refuse (reject)'],
      ],
    },
  },
  'capacity.acquire_timeout': { in: 'capacity', label: 'Longest wait', help: 'In mode queue; then the call is refused.', as: number('s') },
  spares: {
    in: 'capacity',
    label: 'Slots',
    help: 'Started before anyone asks, so that a new thread waits for nothing. 0: none; auto: as many as came at once in the last ten minutes.',
    as: text,
  },
  spares_memory: { in: 'capacity', label: 'Memory for slots', help: 'What slots may take together.', as: text },
  idle_timeout: {
    in: 'idle',
    label: 'Reap after',
    help: 'Without activity a hold ends, and after the same time again the sandbox. A running command counts as activity. 0 is never.',
    as: number('s'),
  },
  pause_after: { in: 'idle', label: 'Pause after', help: 'Freezes warm sandboxes: no CPU, quick to wake. 0 is never.', as: number('s') },
  stop_grace: { in: 'idle', label: 'Time to stop', help: 'Between the polite stop and the kill.', as: number('s') },
  ready_timeout: { in: 'idle', label: 'Time to be ready', help: 'From started to usable.', as: number('s') },
  on_exit: {
    in: 'idle',
    label: 'When Berth ends',
    help: 'What an orderly end does with containers. Embedded sandboxes always end.',
    as: {
      kind: 'choice',
      options: [
        ['destroy', 'Destroy them'],
        ['keep', 'Keep them'],
      ],
    },
  },
  image: { in: 'sandbox', label: 'Image', help: 'For new sandboxes. Absent berth-lite is built, any other is pulled.', as: text },
  'resources.memory': { in: 'sandbox', label: 'Memory', help: 'Each, like 512m or 2g. Empty: no limit.', as: text, optional: true },
  'resources.cpus': { in: 'sandbox', label: 'CPUs', help: 'Each. Empty: no limit.', as: number(), optional: true },
  'resources.pids': { in: 'sandbox', label: 'Processes', help: 'Each. Empty: no limit.', as: number(), optional: true },
  user: { in: 'sandbox', label: 'User', help: 'Whom commands run as: auto, root, or a number.', as: text },
  container_prefix: { in: 'sandbox', label: 'Name prefix', help: 'Containers are named prefix-id.', as: text },
  port: { in: 'sandbox', label: 'First host port', help: 'Empty: the engine chooses.', as: number(), optional: true },
  mounts: { in: 'mounts', label: 'Further directories', help: 'Mounted into every sandbox.', as: file },
  'skills.path': { in: 'mounts', label: 'Skills', help: 'A directory of this computer, mounted read-only.', as: text, optional: true },
  'skills.container_path': { in: 'mounts', label: 'Skills in the sandbox', help: 'Where it is mounted.', as: text },
  'deer_flow.home': { in: 'mounts', label: 'deer-flow’s home', help: 'What its clients ask to have mounted may lie there.', as: text, optional: true },
  'deer_flow.mount_roots': { in: 'mounts', label: 'Further roots', help: 'Below these such mounts may lie as well.', as: file },
  environment: { in: 'environment', label: 'Variables', help: 'Of every sandbox; $NAME takes Berth’s own.', as: file },
  backend: {
    in: 'engine',
    label: 'Backend',
    help: 'What sandboxes are made with. auto: a container engine where one answers.',
    as: { kind: 'choice', options: Object.entries(backends) },
  },
  'embedded.isolation': {
    in: 'engine',
    label: 'Embedded isolation',
    help: 'none runs commands with your own rights, unisolated.',
    as: {
      kind: 'choice',
      options: [
        ['auto', 'Automatic'],
        ['bubblewrap', 'bubblewrap'],
        ['none', 'None'],
      ],
    },
  },
  provisioner_url: { in: 'engine', label: 'Provisioner', help: 'A deer-flow provisioner, or another Berth.', as: text, optional: true },
  provisioner_api_key: { in: 'engine', label: 'Its key', help: 'Better as $NAME of a variable.', as: file },
  'bridge.port': { in: 'bridge', label: 'Port', help: 'Empty: kept from the first start.', as: number(), optional: true },
  'bridge.sandbox_port': {
    in: 'bridge',
    label: 'Sandbox port',
    help: 'Where sandboxes are reached. Empty: kept from the first start.',
    as: number(),
    optional: true,
  },
  'bridge.sandbox_url': {
    in: 'bridge',
    label: 'Addresses of sandboxes',
    help: 'On the sandbox port, or the container’s own.',
    as: {
      kind: 'choice',
      options: [
        ['capability', 'Through Berth'],
        ['direct', 'Direct'],
      ],
    },
  },
  'bridge.listen': { in: 'bridge', label: 'Further addresses', help: 'Listened on beside loopback.', as: file },
  'ui.keep_running': {
    in: 'window',
    label: 'When the window closes',
    help: 'Keep running in the tray, or quit. auto: where there is a tray.',
    as: {
      kind: 'choice',
      options: [
        ['auto', 'Automatic'],
        ['on', 'Keep running'],
        ['off', 'Quit'],
      ],
    },
  },
}

export const sections: readonly Section[] = titles.map(({ id, title }) => ({
  id,
  title,
  settings: Object.entries(settings).flatMap(([key, setting]) => (setting.in === id ? [{ key, ...setting }] : [])),
}))

/** How a value stands in a field. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What a person wrote as a value for the file; an error says what is expected. */
export function parsed(setting: Setting, written: string): { readonly value: unknown } | { readonly error: string } {
  const trimmed = written.trim()
  if (trimmed === '') return setting.optional ? { value: null } : { error: 'It needs a value, or Default.' }
  if (setting.as.kind === 'number') {
    const value = Number(trimmed)
    if (!Number.isFinite(value) || value < 0) return { error: setting.as.unit === 's' ? 'A number of seconds, 0 or more.' : 'A number, 0 or more.' }
    return { value }
  }
  // `spares` is a number or a word.
  return { value: /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed }
}

/** Whether what belongs to the page or window is looked for. */
export function matchesApp(search: string): boolean {
  const haystack = 'this app appearance theme light dark system start at login berth command doctor check report diagnostics version'
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word))
}

/** Sections with the settings that this engine has and that match what is looked for. */
export function visible(values: ReadonlyMap<string, ConfigValue>, search: string): readonly Section[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const keys = [...values.keys()]
  return sections
    .map((section) => ({
      ...section,
      settings: section.settings.filter(({ key, label, help }) => {
        if (!values.has(key) && !keys.some((known) => known.startsWith(`${key}.`))) return false
        const haystack = `${key} ${label} ${help} ${section.title}`.toLowerCase()
        return words.every((word) => haystack.includes(word))
      }),
    }))
    .filter(({ settings }) => settings.length > 0)
}
