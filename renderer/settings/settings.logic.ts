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

/** Every setting, in the order in which a person looks for it. */
export const sections: readonly Section[] = [
  {
    id: 'capacity',
    title: 'Capacity',
    settings: [
      { key: 'replicas', label: 'Replicas', help: 'Sandboxes kept at most, used or warm. Slots come on top.', as: number() },
      {
        key: 'capacity.mode',
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
      { key: 'capacity.acquire_timeout', label: 'Longest wait', help: 'In mode queue; then the call is refused.', as: number('s') },
      {
        key: 'spares',
        label: 'Slots',
        help: 'Started before anyone asks, so that a new thread waits for nothing. 0: none; auto: as many as came at once in the last ten minutes.',
        as: text,
      },
      { key: 'spares_memory', label: 'Memory for slots', help: 'What slots may take together.', as: text },
    ],
  },
  {
    id: 'idle',
    title: 'Idle',
    settings: [
      {
        key: 'idle_timeout',
        label: 'Reap after',
        help: 'Without activity a hold ends, and after the same time again the sandbox. A running command counts as activity. 0 is never.',
        as: number('s'),
      },
      { key: 'pause_after', label: 'Pause after', help: 'Freezes warm sandboxes: no CPU, quick to wake. 0 is never.', as: number('s') },
      { key: 'stop_grace', label: 'Time to stop', help: 'Between the polite stop and the kill.', as: number('s') },
      { key: 'ready_timeout', label: 'Time to be ready', help: 'From started to usable.', as: number('s') },
      {
        key: 'on_exit',
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
    ],
  },
  {
    id: 'sandbox',
    title: 'Sandbox',
    settings: [
      { key: 'image', label: 'Image', help: 'For new sandboxes. Absent berth-lite is built, any other is pulled.', as: text },
      { key: 'resources.memory', label: 'Memory', help: 'Each, like 512m or 2g. Empty: no limit.', as: text, optional: true },
      { key: 'resources.cpus', label: 'CPUs', help: 'Each. Empty: no limit.', as: number(), optional: true },
      { key: 'resources.pids', label: 'Processes', help: 'Each. Empty: no limit.', as: number(), optional: true },
      { key: 'container_prefix', label: 'Name prefix', help: 'Containers are named prefix-id.', as: text },
      { key: 'port', label: 'First host port', help: 'Empty: the engine chooses.', as: number(), optional: true },
    ],
  },
  {
    id: 'mounts',
    title: 'Mounts',
    settings: [
      { key: 'mounts', label: 'Further directories', help: 'Mounted into every sandbox.', as: file },
      { key: 'skills.path', label: 'Skills', help: 'A directory of this computer, mounted read-only.', as: text, optional: true },
      { key: 'skills.container_path', label: 'Skills in the sandbox', help: 'Where it is mounted.', as: text },
      { key: 'deer_flow.home', label: 'deer-flow’s home', help: 'What its clients ask to have mounted may lie there.', as: text, optional: true },
      { key: 'deer_flow.mount_roots', label: 'Further roots', help: 'Below these such mounts may lie as well.', as: file },
    ],
  },
  {
    id: 'environment',
    title: 'Environment',
    settings: [{ key: 'environment', label: 'Variables', help: 'Of every sandbox; $NAME takes Berth’s own.', as: file }],
  },
  {
    id: 'engine',
    title: 'Engine',
    settings: [
      {
        key: 'backend',
        label: 'Backend',
        help: 'What sandboxes are made with. auto: a container engine where one answers.',
        as: {
          kind: 'choice',
          options: [
            ['auto', 'Automatic'],
            ['docker', 'Containers'],
            ['embedded', 'Embedded'],
            ['remote', 'A provisioner'],
          ],
        },
      },
      {
        key: 'embedded.isolation',
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
      { key: 'provisioner_url', label: 'Provisioner', help: 'A deer-flow provisioner, or another Berth.', as: text, optional: true },
      { key: 'provisioner_api_key', label: 'Its key', help: 'Better as $NAME of a variable.', as: file },
    ],
  },
  {
    id: 'bridge',
    title: 'Bridge',
    settings: [
      { key: 'bridge.port', label: 'Port', help: 'Empty: kept from the first start.', as: number(), optional: true },
      {
        key: 'bridge.sandbox_port',
        label: 'Sandbox port',
        help: 'Where sandboxes are reached. Empty: kept from the first start.',
        as: number(),
        optional: true,
      },
      {
        key: 'bridge.sandbox_url',
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
      { key: 'bridge.listen', label: 'Further addresses', help: 'Listened on beside loopback.', as: file },
    ],
  },
  {
    id: 'window',
    title: 'Window',
    settings: [
      {
        key: 'ui.keep_running',
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
    ],
  },
]

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
