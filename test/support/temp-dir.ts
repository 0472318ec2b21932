import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeTree } from '../../main/base/remove-tree.ts'

export interface TempDir {
  readonly path: string
  remove(): Promise<void>
}

/** A directory of the test's own, by its real path; `remove` is for an `afterAll`. */
export async function tempDir(what: string): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), `berth-${what}-`)))
  return {
    path,
    remove: async () => {
      // A test may have left directories closed, as agents do: only root can delete what is in them as they are.
      await removeTree(path)
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    },
  }
}
