import { z } from 'zod'
import { holderId, sandboxId, threadId, userId } from './identity.ts'
import { errorData } from './errors.ts'

/** `none`: nothing on this machine can run a sandbox yet. */
export const backendKind = z.enum(['docker', 'embedded', 'remote', 'apple', 'none'])
export type BackendKind = z.infer<typeof backendKind>

/** How a sandbox is kept apart from the host: shown wherever a sandbox is. `remote`: it is elsewhere, and that place decides. */
export const isolation = z.enum(['container', 'bubblewrap', 'none', 'remote'])
export type Isolation = z.infer<typeof isolation>

/** `creating -> active <-> warm (-> paused) -> stopping -> gone`, and `failed` until dismissed. */
export const sandboxStatus = z.enum(['creating', 'active', 'warm', 'paused', 'stopping', 'failed'])
export type SandboxStatus = z.infer<typeof sandboxStatus>

export const lease = z.object({
  holder: holderId,
  since: z.iso.datetime().describe('When this holder first acquired.'),
  name: z
    .string()
    .optional()
    .describe('What people call it, like `claude-code · conversation 2`; absent: `holder` is all there is. `rename_holder` changes it.'),
})

export const sandbox = z.object({
  id: sandboxId,
  user: userId,
  thread: threadId.nullable().describe('null: anonymous, destroyed at its last release.'),
  status: sandboxStatus,
  backend: backendKind,
  isolation,
  image: z.string().nullable(),
  name: z.string().describe("The container's name on the engine."),
  container: z.string().nullable().describe("The engine's own id of the container."),
  url: z.string().nullable().describe('Base URL of the sandbox HTTP API, without a trailing slash.'),
  holders: z.array(lease),
  created_at: z.iso.datetime(),
  last_activity_at: z.iso.datetime(),
  since: z.iso.datetime().describe('When its present status began. Being frozen and thawed leaves it as it is.'),
  working: z.boolean().describe('Something runs in it: it is neither reaped nor evicted.'),
  expires_at: z.iso.datetime().nullable().describe('When it goes warm or is reaped if nothing happens; null: never.'),
  replaced: z.number().int().describe('How often the container behind this id was replaced.'),
  step: z.string().nullable().describe('While creating: what is being done.'),
  error: errorData.nullable().describe('Why it failed; null otherwise.'),
})
export type Sandbox = z.infer<typeof sandbox>

/** Which way an acquire went; the cheap ones first. */
export const acquirePath = z.enum(['reuse', 'warm', 'found', 'slot', 'cold'])
export type AcquirePath = z.infer<typeof acquirePath>

export const acquired = sandbox.extend({
  path: acquirePath,
  holder: holderId,
  headers: z.record(z.string(), z.string()).describe('Headers that `url` needs.'),
  enter_url: z.string().optional().describe('Opens the sandbox in a browser, at an origin of its own. As secret as `url`.'),
  was_replaced: z.boolean().describe('True once for a holder whose sandbox was replaced: only the mounts survived.'),
  warnings: z.array(z.string()),
})
export type Acquired = z.infer<typeof acquired>

/** One part of an image on its way. */
export const imageLayer = z.object({ id: z.string(), step: z.string(), done: z.number().nullable(), total: z.number().nullable() })

/** One line of progress of a long step (image build, pull, cold start). */
export const progress = z.object({
  type: z.literal('progress'),
  step: z.string().describe('image-pull, image-build, queue, create, start, ready'),
  text: z.string(),
  done: z.number().nullable().describe('Bytes or steps done; null where unknown.'),
  total: z.number().nullable(),
  layers: z.array(imageLayer).optional().describe('Of a pull: each layer.'),
})
export type Progress = z.infer<typeof progress>
