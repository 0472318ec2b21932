import { z } from 'zod'
import { row } from '../call.ts'
import { threadId, userId } from '../identity.ts'
import { next } from '../next.ts'
import { backendKind, isolation, progress } from '../sandbox.ts'
import { berthEvent } from '../events.ts'

export const check = z.object({
  name: z.string().describe('engine, image, disk, ports, permissions, isolation, late-binding, ...'),
  status: z.enum(['ok', 'warn', 'fail', 'skip']),
  text: z.string().describe('What was measured.'),
  fix: z.string().nullable().describe('The exact command or setting; null where nothing is wrong.'),
})
export type Check = z.infer<typeof check>

/** Running the house: everything that is not one sandbox. */
export const houseCalls = {
  health: row({
    summary: 'Whether Berth runs. With `nonce` it proves that it knows the token, before one is sent to it.',
    scope: 'open',
    kind: 'read',
    repeats: true,
    input: z.strictObject({ nonce: z.string().min(8).max(128).optional() }),
    result: z.object({
      status: z.literal('ok'),
      version: z.string(),
      contract: z.object({ version: z.number().int(), hash: z.string() }),
      instance: z.string().describe('New at every start of the engine.'),
      proof: z.string().optional().describe('HMAC-SHA256(token, nonce), hex.'),
      home_proof: z.string().optional().describe('HMAC-SHA256(token, nonce + newline + real path of the home), hex: tells a home from its copy.'),
    }),
    errors: [],
  }),
  status: row({
    summary: 'The engine: which backend and why, what is under way, counts.',
    scope: 'agent',
    kind: 'read',
    repeats: true,
    input: z.strictObject({}),
    result: z.object({
      version: z.string(),
      instance: z.string(),
      pid: z.number().int(),
      started_at: z.iso.datetime(),
      home: z.string(),
      backend: z.object({
        kind: backendKind,
        chosen: z.enum(['config', 'auto', 'remembered']),
        reason: z.string().describe('Why this one; for embedded by auto, what is not isolated and how to get an engine.'),
        isolation,
        reachable: z.boolean(),
        engine: z.string().nullable().describe('Name and version of the container engine.'),
        problem: z.string().nullable(),
      }),
      image: z.object({ name: z.string().nullable(), present: z.boolean(), progress: progress.nullable() }),
      slots: z
        .object({
          wanted: z.number().int(),
          ready: z.number().int(),
          starting: z.number().int(),
          problem: z.string().nullable().describe('Why there are none, or fewer than wanted.'),
          proven: z.boolean().nullable().describe('Whether a running sandbox was seen to follow its moved directory; null: not tried yet.'),
        })
        .describe('Sandboxes that run already and wait for a new thread.'),
      counts: z.record(z.string(), z.number().int()),
      replicas: z.number().int(),
      next,
      warnings: z.array(z.string()),
    }),
    errors: [],
  }),
  doctor: row({
    summary: 'Measure everything a sandbox needs, and name the fix of what is wrong. Changes nothing.',
    scope: 'operator',
    kind: 'read',
    repeats: true,
    input: z.strictObject({}),
    result: z.object({ ok: z.boolean(), checks: z.array(check) }),
    errors: [],
  }),
  config: row({
    summary: 'The configuration in force, secrets left out, with where each value comes from.',
    scope: 'operator',
    kind: 'read',
    repeats: true,
    input: z.strictObject({}),
    result: z.object({
      file: z.string().nullable(),
      values: z.array(z.object({ key: z.string(), value: z.unknown(), default: z.unknown(), source: z.enum(['default', 'file', 'environment']) })),
      warnings: z.array(z.string()),
      error: z.string().nullable().describe('Set while a bad edit is ignored and the last good one is in force.'),
    }),
    errors: [],
  }),
  threads: row({
    summary: 'Threads that have files here, with the disk they use.',
    scope: 'operator',
    kind: 'read',
    repeats: true,
    input: z.strictObject({ user: userId.optional() }),
    result: z.object({
      threads: z.array(z.object({ user: userId, thread: threadId, path: z.string(), bytes: z.number().int(), files: z.number().int() })),
    }),
    errors: [],
  }),
  forget: row({
    summary: "Delete a thread's files for ever. The thread's name must be given twice; its sandbox must be gone.",
    scope: 'operator',
    kind: 'destroy',
    repeats: false,
    input: z.strictObject({ thread: threadId, user: userId.default('default'), confirm: z.string().describe("The thread's name again.") }),
    result: z.object({ deleted: z.boolean(), bytes: z.number().int() }),
    errors: ['THREAD_NOT_FOUND', 'THREAD_IN_USE', 'HOME_UNUSABLE'],
  }),
  shutdown: row({
    summary: 'End every sandbox and stop Berth; files stay.',
    scope: 'operator',
    kind: 'destroy',
    repeats: false,
    input: z.strictObject({ keep_host: z.boolean().default(false).describe('End the sandboxes only; Berth goes on.') }),
    result: z.object({ destroyed: z.array(z.string()), failed: z.array(z.object({ id: z.string(), error: z.string() })) }),
    errors: [],
  }),
  events: row({
    summary: 'Recent events, newest last; as a stream it goes on. `/berth/v1/events` with Last-Event-ID resumes.',
    scope: 'operator',
    kind: 'read',
    repeats: true,
    input: z.strictObject({
      since: z.coerce.number().int().min(0).optional().describe('Only events after this seq.'),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      follow: z.stringbool().or(z.boolean()).default(false),
    }),
    result: z.object({ events: z.array(berthEvent), dropped: z.number().int() }),
    errors: [],
    chunk: berthEvent,
  }),
}
