import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TempDir { readonly path: string; remove(): Promise<void> }

/** A directory of the test's own, by its real path; `remove` is for an `afterAll`. */
export async function tempDir(what: string): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), `berth-${what}-`)))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }) }
}
