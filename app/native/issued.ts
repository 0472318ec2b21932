import { realpath } from 'node:fs/promises'
import path from 'node:path'
import type { CallResult } from '../../shared/contract.ts'
import type { HouseState } from '../../shared/state.ts'

/** Paths that the engine has named to the page: only these, and what lies below them, are shown in a file manager. */
export interface IssuedPaths {
  /** Sees the answers of calls on their way to the page. */
  answered(name: string, value: unknown): void
  /** Whether a path is one of them, links resolved; false too where there is nothing. */
  has(asked: string, state: HouseState | null): Promise<boolean>
}

const most = 10_000

export function issuedPaths(): IssuedPaths {
  const known = new Set<string>()
  function add(paths: readonly string[]): void {
    if (known.size + paths.length > most) known.clear()
    for (const one of paths) known.add(one)
  }
  return {
    answered(name, value) {
      if (name === 'details') add((value as CallResult<'details'>).mounts.map((mount) => mount.host))
      if (name === 'threads') add((value as CallResult<'threads'>).threads.map((thread) => thread.path))
    },
    async has(asked, state) {
      if (!path.isAbsolute(asked)) return false
      const real = await resolved(asked)
      if (real === null) return false
      const house = state?.house
      for (const one of [...known, ...(house ? [house.home, house.token_file, house.config.file] : [])]) {
        const root = one === null ? null : await resolved(one)
        if (root !== null && isWithin(real, root)) return true
      }
      return false
    },
  }
}

/** Whether a resolved path is a directory or lies below it. */
export function isWithin(real: string, root: string): boolean {
  return real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep)
}

async function resolved(asked: string): Promise<string | null> {
  return await realpath(asked).catch(() => null)
}
