import { z } from 'zod'
import { row } from '../call.ts'
import { holderId, sandboxId, shownName, threadId, userId } from '../identity.ts'
import { acquired, progress, sandbox, sandboxStatus } from '../sandbox.ts'
import { selecting } from '../select.ts'

/** Every way in which making a sandbox can fail. */
const cannotStart = [
  'IDENTITY_CONFLICT',
  'NAME_TAKEN',
  'CAPACITY_REJECTED',
  'CAPACITY_TIMEOUT',
  'ENGINE_MISSING',
  'ENGINE_UNREACHABLE',
  'ENGINE_FAILED',
  'ENGINE_ELSEWHERE',
  'ISOLATION_MISSING',
  'IMAGE_MISSING',
  'IMAGE_PULL_FAILED',
  'IMAGE_BUILD_FAILED',
  'START_FAILED',
  'NOT_READY',
  'PORT_TAKEN',
  'MOUNT_REFUSED',
  'MOUNT_MISSING',
  'DISK_FULL',
  'HOME_UNUSABLE',
  'LOCK_TIMEOUT',
  'STARTING',
  'SANDBOX_REFUSED',
  'IMAGE_UNUSABLE',
] as const

export const sandboxCalls = {
  acquire: row({
    summary: 'Get the sandbox of a thread: the running one, a warm one, or a new one. Idempotent per holder.',
    scope: 'agent',
    kind: 'write',
    input: z.strictObject({
      thread: threadId.nullish().describe('Left out or null: an anonymous sandbox, destroyed at its last release.'),
      user: userId.default('default'),
      holder: holderId.optional().describe('Who holds it; default: the client. Two holders are two holds.'),
      program: shownName.optional().describe('Which program holds, by its own name: people see `PROGRAM · conversation N` for a holder that has no name yet.'),
      timeout: z.number().positive().max(3600).optional().describe('Seconds to wait at most, all steps together.'),
    }),
    result: acquired,
    errors: cannotStart,
    chunk: progress,
  }),
  hint: row({
    summary: 'A thread will soon need its sandbox: it is made ready in the background, and goes quietly if nobody comes.',
    scope: 'agent',
    kind: 'write',
    input: z.strictObject({ thread: threadId, user: userId.default('default') }),
    result: z.object({
      state: z.enum(['ready', 'starting', 'refused']).describe('refused: every place is taken; an acquire decides then.'),
      reason: z.string().nullable(),
    }),
    errors: ['SHUTTING_DOWN'],
  }),
  get: row({
    summary: 'One sandbox, as it is. Asking is not activity.',
    scope: 'agent',
    kind: 'read',
    input: selecting({}),
    result: sandbox,
    errors: ['SANDBOX_NOT_FOUND'],
  }),
  list: row({
    summary: 'All sandboxes, active first, then warm.',
    scope: 'agent',
    kind: 'read',
    input: z.strictObject({ status: sandboxStatus.optional(), user: userId.optional() }),
    result: z.object({ sandboxes: z.array(sandbox), replicas: z.number().int(), counted: z.number().int() }),
    errors: [],
  }),
  release: row({
    summary: "End one holder's hold. Without holders a sandbox stays warm until it is reaped. Twice is not an error.",
    scope: 'agent',
    kind: 'write',
    input: selecting({ holder: holderId.optional().describe('Whose hold; default: the client.') }),
    result: z.object({ released: z.boolean().describe('False: there was no such hold.'), sandbox: sandbox.nullable() }),
    errors: [],
  }),
  destroy: row({
    summary: 'Stop and remove a sandbox, whoever holds it. Files of its thread stay.',
    scope: 'agent',
    kind: 'destroy',
    input: selecting({
      only_if_unheld: z.boolean().default(false).describe('Leave it alone while others hold it.'),
      only_if_idle: z.boolean().default(false).describe('Leave it alone while a command runs in it.'),
    }),
    result: z.object({ destroyed: z.boolean().describe('False: there was none, or it was left alone.') }),
    errors: ['ENGINE_UNREACHABLE', 'ENGINE_FAILED'],
  }),
  rotate: row({
    summary: 'Change the secret in the address of a sandbox: addresses handed out so far end, with what runs over them.',
    scope: 'operator',
    kind: 'write',
    input: selecting({}),
    result: z.object({ id: sandboxId }),
    errors: ['DISK_FULL', 'HOME_UNUSABLE'],
  }),
  rename_holder: row({
    summary: 'Give a holder the name that people see for it, wherever it holds something.',
    scope: 'operator',
    kind: 'write',
    input: z.strictObject({ holder: holderId, name: shownName }),
    result: z.object({ renamed: z.boolean().describe('False: it holds nothing now.') }),
    errors: [],
  }),
  dismiss: row({
    summary: 'Forget a failed entry that stayed visible.',
    scope: 'operator',
    kind: 'write',
    input: selecting({}),
    result: z.object({ dismissed: z.boolean() }),
    errors: [],
  }),
  logs: row({
    summary: "The container's own log.",
    scope: 'agent',
    kind: 'read',
    input: selecting({
      tail: z.coerce.number().int().min(0).max(100_000).default(200).describe('Lines from the end.'),
      follow: z.stringbool().or(z.boolean()).default(false).describe('Go on until the sandbox ends; needs a stream.'),
    }),
    result: z.object({ lines: z.array(z.string()), truncated: z.boolean() }),
    errors: ['SANDBOX_NOT_FOUND', 'ENGINE_UNREACHABLE'],
    chunk: z.object({ type: z.literal('line'), line: z.string() }),
  }),
}
