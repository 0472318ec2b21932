import { z } from 'zod'
import { threadId, userId } from '../../../shared/identity.ts'
import type { ExtraMount } from '../../core/deps.ts'

/**
 * An id of a client's own choice: what fits into the name of a Kubernetes pod, and so everything that works upstream; the
 * underscore besides. It becomes a file's name.
 */
export const clientSandboxId = z.string().regex(/^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/)

/** Where upstream lets extra mounts go to. Anything else is a client that means another server. */
const mountTargets = [
  '/mnt/acp-workspace',
  '/mnt/skills/custom',
  '/mnt/skills/integrations',
  '/mnt/integrations/lark-cli/config',
  '/mnt/integrations/lark-cli/config/locks',
  '/mnt/integrations/lark-cli/data',
  '/mnt/integrations/lark-cli/runtime',
] as const
const mostMounts = 10

const extraMount = z.object({ host_path: z.string().min(1), container_path: z.string(), read_only: z.boolean().default(false) })

/** Fields of the body that mean something here; the many others of newer clients are passed over. */
const createBody = z.object({
  sandbox_id: clientSandboxId,
  thread_id: threadId.nullish(),
  user_id: userId.nullish(),
  extra_mounts: z.array(extraMount).max(mostMounts).nullish(),
})

export interface CreateRequest {
  readonly id: string
  readonly user: string
  /** null: anonymous. */
  readonly thread: string | null
  /** Absent: the client says nothing of mounts, and takes a sandbox as it is. */
  readonly extraMounts?: readonly ExtraMount[]
}

/** One row of FastAPI's 422. Clients of it read a list; text in `detail` breaks them. */
export interface Problem {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly input: unknown
}

/** A body that is refused: 422 with the list, or 400 with a sentence for what has the right form and is not allowed. */
export type BadBody = { readonly status: 422; readonly problems: readonly Problem[] } | { readonly status: 400; readonly text: string }

/** Reads the body of a create, of a client of any age. `ownUser`: whom the oldest mean, who name none. */
export function readCreate(raw: unknown, ownUser = 'default'): { request: CreateRequest } | BadBody {
  const read = createBody.safeParse(raw)
  if (!read.success) return { status: 422, problems: read.error.issues.map((issue) => problemOf(issue, raw)) }
  const { sandbox_id, thread_id, user_id, extra_mounts } = read.data
  const mounts = extra_mounts?.map((it) => ({ hostPath: it.host_path, containerPath: it.container_path, readonly: it.read_only }))
  const foreign = mounts?.find(({ containerPath }) => !mountTargets.some((target) => target === containerPath))
  if (foreign) return { status: 400, text: `Extra mounts may not go to ${foreign.containerPath}; allowed are ${mountTargets.join(', ')}` }
  const twice = mounts?.find(({ containerPath }, at) => mounts.findIndex((other) => other.containerPath === containerPath) !== at)
  if (twice) return { status: 400, text: `Two extra mounts go to ${twice.containerPath}` }
  return { request: { id: sandbox_id, user: user_id ?? ownUser, thread: thread_id ?? null, ...(mounts ? { extraMounts: mounts } : {}) } }
}

type Issue = z.core.$ZodIssue

function problemOf(issue: Issue, raw: unknown): Problem {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  const input = at(raw, path)
  const missing = input === undefined
  const row = { loc: ['body', ...path], input: missing ? at(raw, path.slice(0, -1)) : input }
  if (missing || (path.length === 0 && raw === null)) return { type: 'missing', msg: 'Field required', ...row }
  return { type: types[issue.code ?? ''] ?? 'value_error', msg: issue.message, ...row }
}

/** zod's codes in the words of pydantic, as near as they come. */
const types: Partial<Record<string, string>> = {
  invalid_type: 'type_error',
  invalid_format: 'string_pattern_mismatch',
  too_big: 'too_long',
  too_small: 'too_short',
}

function at(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, step) => (typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[step] : undefined),
    value,
  )
}
