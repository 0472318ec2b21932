import { z } from 'zod'
import { row } from '../call.ts'
import { imageRow } from '../image.ts'
import { selecting } from '../select.ts'
import { uiSession } from '../state.ts'
import { terminal } from '../terminal.ts'

const cells = z.number().int().min(1).max(1000)

/** A directory of the host as a sandbox sees it. */
export const mountRow = z.object({
  host: z.string(),
  container: z.string(),
  mode: z.enum(['rw', 'ro']),
  kind: z.enum(['workspace', 'uploads', 'outputs', 'skills', 'extra']),
  exists: z.boolean(),
  bytes: z.number().int().nullable().describe('null: not counted (too many files, or another owner).'),
  files: z.number().int().nullable(),
})
export type MountRow = z.infer<typeof mountRow>

/** What a person at a screen needs beside what agents call. */
export const desktopCalls = {
  details: row({
    summary: "One sandbox in full: mounts with their sizes, limits, isolation, and the engine's own description of the container.",
    scope: 'operator',
    kind: 'read',
    repeats: true,
    input: selecting({}),
    result: z.object({
      mounts: z.array(mountRow),
      limits: z.object({ memory: z.number().nullable(), cpus: z.number().nullable(), pids: z.number().nullable() }),
      image_id: z.string().nullable(),
      address: z.string().nullable().describe('How programs reach it, without its secret.'),
      isolation: z
        .array(z.object({ name: z.string(), value: z.string(), weak: z.boolean() }))
        .describe('Privileges, system calls, network, ... in words; `weak`: open on purpose or for want of better.'),
      raw: z.unknown().describe("The container engine's own description, secrets left out."),
    }),
    errors: ['SANDBOX_NOT_FOUND', 'ENGINE_UNREACHABLE'],
  }),
  interrupt: row({
    summary: 'End one command that runs in a sandbox; its caller is told.',
    scope: 'operator',
    kind: 'write',
    repeats: false,
    input: z.strictObject({ command: z.string().describe('Id of the command.') }),
    result: z.object({ interrupted: z.boolean().describe('False: it had ended.') }),
    errors: [],
  }),
  terminal_open: row({
    summary: 'Open a terminal in a sandbox. It goes on until it is closed, its shell ends, or the sandbox does; subscribe to `terminal` to see it.',
    scope: 'operator',
    kind: 'write',
    repeats: false,
    input: selecting({ cols: cells.default(80), rows: cells.default(24) }),
    result: terminal,
    errors: ['SANDBOX_NOT_FOUND', 'SANDBOX_UNREACHABLE', 'NOT_SUPPORTED'],
  }),
  terminal_close: row({
    summary: 'End a terminal and what runs in it.',
    scope: 'operator',
    kind: 'destroy',
    repeats: false,
    input: z.strictObject({ terminal: z.string() }),
    result: z.object({ closed: z.boolean() }),
    errors: [],
  }),
  ticket: row({
    summary: 'A one-use address, good for 30 s, for the bytes of one file in a sandbox: GET it, or PUT to it.',
    scope: 'operator',
    kind: 'write',
    repeats: false,
    input: selecting({
      path: z
        .string()
        .min(1)
        .max(4096)
        .regex(/^\/[^\0]*$/, 'A path inside the sandbox is absolute'),
      direction: z.enum(['download', 'upload']),
    }),
    result: z.object({
      path: z.string().describe('On the bridge: /tickets/…'),
      name: z.string().describe('For the file on disk: without control and bidi characters.'),
      expires_at: z.iso.datetime(),
    }),
    errors: ['SANDBOX_NOT_FOUND', 'FILE_NOT_FOUND', 'FILE_DENIED', 'FILE_FAILED'],
  }),
  images: row({
    summary: 'Images on the container engine that Berth uses or made.',
    scope: 'operator',
    kind: 'read',
    repeats: true,
    input: z.strictObject({}),
    result: z.object({ images: z.array(imageRow) }),
    errors: ['ENGINE_UNREACHABLE'],
  }),
  image_prepare: row({
    summary: 'Pull or build the configured image now; its progress is in the state.',
    scope: 'operator',
    kind: 'write',
    repeats: false,
    input: z.strictObject({}),
    result: z.object({ started: z.boolean().describe('False: it is there, or on its way.') }),
    errors: ['NOT_SUPPORTED'],
  }),
  image_cancel: row({
    summary: 'Give up the pull or build that is on its way; whoever waits for it is told.',
    scope: 'operator',
    kind: 'write',
    repeats: false,
    input: z.strictObject({}),
    result: z.object({ cancelled: z.boolean() }),
    errors: [],
  }),
  image_remove: row({
    summary: 'Remove an image that no sandbox uses.',
    scope: 'operator',
    kind: 'destroy',
    repeats: false,
    input: z.strictObject({ id: z.string().max(200) }),
    result: z.object({ removed: z.boolean() }),
    errors: ['IMAGE_MISSING', 'THREAD_IN_USE', 'ENGINE_UNREACHABLE', 'ENGINE_FAILED'],
  }),
  config_set: row({
    summary: 'Set one key of config.yaml, or take it out (null); comments and order stay. A value that would make the file invalid is refused.',
    scope: 'operator',
    kind: 'write',
    repeats: false,
    input: z.strictObject({ key: z.string().max(200), value: z.unknown() }),
    result: z.object({ file: z.string(), restart: z.boolean().describe('It takes effect at the next start.') }),
    errors: ['BAD_CONFIG', 'DISK_FULL', 'HOME_UNUSABLE'],
  }),
  session_open: row({
    summary: 'Trade the one-time code of a login link for a session key.',
    scope: 'open',
    kind: 'write',
    repeats: false,
    input: z.strictObject({ code: z.string().min(8).max(200) }),
    result: z.object({ key: z.string(), session: uiSession }),
    errors: ['UNAUTHORIZED'],
  }),
  session_end: row({
    summary: 'End a browser session: its pages are logged out at once.',
    scope: 'operator',
    kind: 'destroy',
    repeats: false,
    input: z.strictObject({ id: z.string() }),
    result: z.object({ ended: z.boolean() }),
    errors: [],
  }),
  login_link: row({
    summary: 'A link that logs one browser in, once, within 5 minutes.',
    scope: 'operator',
    kind: 'write',
    repeats: false,
    input: z.strictObject({}),
    result: z.object({ url: z.string(), expires_at: z.iso.datetime() }),
    errors: [],
  }),
  token_copy: row({
    summary: "The home's own token, for a person who copies it. Each call is in the event log.",
    scope: 'operator',
    kind: 'write',
    repeats: false,
    input: z.strictObject({}),
    result: z.object({ token: z.string() }),
    errors: [],
  }),
  address_copy: row({
    summary: 'The addresses of one sandbox with their secret, for a person who copies one. Each call is in the event log.',
    scope: 'operator',
    kind: 'write',
    repeats: false,
    input: selecting({}),
    result: z.object({
      url: z.string().describe('For a program: all that it needs, unless `bridge.sandbox_url` is `direct`.'),
      enter_url: z.string().nullable().describe('For a browser; null where there is no sandbox port.'),
    }),
    errors: ['SANDBOX_NOT_FOUND'],
  }),
  retry: row({
    summary: 'Look for the container engine now, instead of at the next try.',
    scope: 'operator',
    kind: 'write',
    repeats: false,
    input: z.strictObject({}),
    result: z.object({ reachable: z.boolean(), problem: z.string().nullable() }),
    errors: [],
  }),
  switch_backend: row({
    summary: 'Start the engine again with the better backend that is there by now: embedded sandboxes end, files stay.',
    scope: 'operator',
    kind: 'destroy',
    repeats: false,
    input: z.strictObject({}),
    result: z.object({ switching: z.boolean().describe('False: there is none better.') }),
    errors: [],
  }),
  diagnostics: row({
    summary: 'What a report of a problem needs: doctor, last events, configuration and log, secrets left out. To be read before it is sent.',
    scope: 'operator',
    kind: 'read',
    repeats: true,
    input: z.strictObject({}),
    result: z.object({ name: z.string().describe('For the file.'), text: z.string() }),
    errors: [],
  }),
}
