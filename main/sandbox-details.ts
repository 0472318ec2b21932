import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { MountRow } from '../shared/calls/desktop-calls.ts'
import type { CallResult } from '../shared/contract.ts'
import type { Sandbox } from '../shared/sandbox.ts'
import type { Backend, Mount } from './backends/backend.ts'
import { walk } from './workspace/walk.ts'

/** Files that are counted at most: above, a person wants to know that there are many, and the disk has other work. */
const most = 50_000

/** One sandbox in full. What is on the disk is counted when asked, so far as it may be seen. */
export async function sandboxDetails(
  deps: { backend: Backend; address: string | null; mounts: readonly Mount[]; skills: string },
  sandbox: Sandbox,
): Promise<CallResult<'details'>> {
  const { backend } = deps
  const [description, mounts] = await Promise.all([
    sandbox.container === null || !backend.describe ? null : backend.describe(sandbox.container),
    Promise.all(rowsOf(deps.mounts, deps.skills).map(measured)),
  ])
  return {
    mounts,
    limits: description?.limits ?? { memory: null, cpus: null, pids: null },
    image_id: description?.imageId ?? null,
    address: deps.address,
    isolation: [...(description?.isolation ?? [])],
    raw: description?.raw ?? null,
  }
}

/** The thread's one bind is three directories to whoever works with it. */
export function rowsOf(mounts: readonly Mount[], skills: string): readonly Omit<MountRow, 'exists' | 'bytes' | 'files'>[] {
  return mounts.flatMap(({ source, target, readonly }): Omit<MountRow, 'exists' | 'bytes' | 'files'>[] => {
    const mode = readonly ? 'ro' : 'rw'
    if (target === '/mnt/user-data') {
      return (['workspace', 'uploads', 'outputs'] as const).map((kind) => ({ host: join(source, kind), container: `${target}/${kind}`, mode, kind }))
    }
    return [{ host: source, container: target, mode, kind: target === skills || target.startsWith(`${skills}/`) ? 'skills' : 'extra' }]
  })
}

async function measured(row: Omit<MountRow, 'exists' | 'bytes' | 'files'>): Promise<MountRow> {
  const facts = await stat(row.host).catch(() => null) // not there, or not for us to see: both are shown as such
  if (facts === null) return { ...row, exists: false, bytes: null, files: null }
  let bytes = 0
  let files = 0
  for await (const met of walk(row.host)) {
    if ('code' in met || files > most) return { ...row, exists: true, bytes: null, files: null }
    if (met.facts.isDirectory()) continue
    bytes += met.facts.size
    files += 1
  }
  return { ...row, exists: true, bytes, files }
}
