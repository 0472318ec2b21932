import { z } from 'zod'
import { backendKind } from './sandbox.ts'
import { parseSize } from './size.ts'

const seconds = z.number().min(0).max(31_536_000)
const port = z.number().int().min(1).max(65_535)

/** A bind of the user's own, mounted into every sandbox. */
export const mount = z.strictObject({
  host_path: z.string().min(1),
  container_path: z.string().regex(/^\//, 'container_path is absolute'),
  read_only: z.boolean().default(false),
})

/** `512m`, `2g` or bytes. */
export const bytes = z.union([z.number().int().min(0), z.string().regex(/^\d+(\.\d+)?[kmgt]?b?$/i, 'a size like 512m or 2g')])

/** Half of it is what a sandbox's own server takes before anything runs; container engines refuse far less still. */
const leastMemory = '32m'
const memory = bytes.refine((size) => parseSize(size) >= parseSize(leastMemory), `a sandbox needs ${leastMemory} or more, like 512m`)

/**
 * The configuration in force, settled: one flat object, whatever form the file had. The file's `sandbox:` section
 * is deer-flow's and its keys mean what they mean there; Berth's own keys stand at the top level, and are
 * taken inside `sandbox:` as well. Times are seconds.
 */
export const config = z.strictObject({
  image: z.string().default('berth-lite').describe('Absent `berth-lite` is built, any other is pulled.'),
  port: port.nullable().default(null).describe('First host port to try; null: the engine chooses a free one.'),
  container_prefix: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,100}$/, 'a container name prefix')
    .default('berth')
    .describe('Containers are named {container_prefix}-{id}.'),
  idle_timeout: seconds.default(600).describe('An untouched hold ends after this, a warm sandbox is reaped after this again. 0: never.'),
  replicas: z.number().int().min(0).max(10_000).default(3).describe('Sandboxes kept at once: creating, active, warm, paused.'),
  spares: z
    .union([z.number().int().min(0).max(50), z.literal('auto')])
    .default('auto')
    .describe('Slots: sandboxes started before anybody asks, beside replicas. 0: none; auto: one, and as many as new threads came at once of late.'),
  spares_memory: bytes.default('1g').describe('With `spares: auto`: what all slots together may take.'),
  pause_after: seconds.default(60).describe('A warm sandbox is frozen after this, and wakes when it is used. 0: never.'),
  mounts: z.array(mount).default([]).describe('Further binds for every sandbox.'),
  environment: z
    .record(z.string().regex(/^[^=\0]+$/, 'the name of a variable'), z.string().regex(/^[^\0]*$/, 'text without a zero byte'))
    .default({})
    .describe('Variables of the commands in every sandbox; $NAME values are resolved.'),
  user: z
    .union([z.enum(['auto', 'root']), z.number().int().min(1).max(65_533)], "auto, root, or a user's number")
    .default('auto')
    .describe('Whom commands run as. auto: the owner of Berth’s home, 1000 where that is root. root: with the powers that apt-get needs (docker).'),
  provisioner_url: z.string().nullable().default(null).describe("A deer-flow provisioner, or another Berth's bridge; selects backend remote."),
  provisioner_api_key: z
    .string()
    .nullable()
    .default(null)
    .describe('Its key (another Berth: a token of it); null: the password in provisioner_url, if there is one.'),
  skills: z
    .strictObject({
      path: z.string().nullable().default(null).describe('Host directory of skills, mounted read-only where it exists.'),
      container_path: z.string().regex(/^\//).default('/mnt/skills'),
    })
    .prefault({}),
  backend: z.enum(['auto', ...backendKind.exclude(['none']).options]).default('auto'),
  embedded: z
    .strictObject({
      isolation: z.enum(['auto', 'bubblewrap', 'none']).default('auto').describe('none runs commands unisolated, on your own word.'),
    })
    .prefault({}),
  capacity: z
    .strictObject({
      mode: z.enum(['soft', 'queue', 'reject']).default('soft').describe('What an acquire meets when all are active.'),
      acquire_timeout: seconds.default(60).describe('Longest wait in mode queue.'),
    })
    .prefault({}),
  resources: z
    .strictObject({
      memory: memory.nullable().default(null).describe('Memory of one sandbox, 32m or more.'),
      cpus: z.number().min(0.01, 'a sandbox needs 0.01 of a CPU or more').nullable().default(null),
      pids: z.number().int().min(16).nullable().default(4096),
    })
    .prefault({}),
  deer_flow: z
    .strictObject({
      home: z.string().nullable().default(null).describe("deer-flow's own home: what its clients ask to have mounted may lie there."),
      mount_roots: z.array(z.string().min(1)).default([]).describe('Further host directories below which such mounts may lie.'),
    })
    .prefault({}),
  stop_grace: seconds.max(600).default(5).describe('Between the polite stop and the kill.'),
  ready_timeout: seconds.min(1).max(3600).default(60).describe('From started to usable.'),
  on_exit: z.enum(['destroy', 'keep']).default('destroy').describe('What an orderly exit does with the sandboxes.'),
  ui: z
    .strictObject({
      keep_running: z
        .enum(['auto', 'on', 'off'])
        .default('auto')
        .describe('Whether Berth goes on when its window is closed. auto: yes, except on a Linux desktop without a tray.'),
    })
    .prefault({}),
  bridge: z
    .strictObject({
      port: port.nullable().default(null).describe('null: 7878, or the next free one at the first start of a home; then kept.'),
      sandbox_port: port.nullable().default(null).describe('The port on which sandboxes are reached. null: 7879, or the next free one; then kept.'),
      sandbox_url: z
        .enum(['capability', 'direct'])
        .default('capability')
        .describe("What acquire hands out: an address on the sandbox port, or the container's own with its key."),
      listen: z
        .array(
          z.string().refine((text) => z.ipv4().safeParse(text).success || z.ipv6().safeParse(text).success, 'an IP address of this machine, e.g. 172.17.0.1'),
        )
        .default([])
        .describe("Further addresses for both ports, e.g. the container engine's gateway. 0.0.0.0 is every network this machine is in."),
    })
    .prefault({}),
})
export type Config = z.output<typeof config>
