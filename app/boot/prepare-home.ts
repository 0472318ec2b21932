import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { fail } from '../../shared/errors.ts'

/**
 * Makes a home and, in it, the directory where Chromium keeps its own: so the single-instance lock is a home's. Synchronous,
 * as the lock must be taken before anything waits. Throws HOME_UNUSABLE.
 */
export function prepareHome(home: string): { home: string; data: string } {
  const data = path.join(home, 'desktop')
  try {
    for (const directory of [home, data]) made(directory)
  } catch (cause) {
    throw fail('HOME_UNUSABLE', `Berth cannot keep its files in ${home}`, { next: 'Choose another directory with BERTH_HOME; the one above it must exist.', cause })
  }
  return { home, data }
}

/** Its parent must exist: nothing is made outside a home. */
function made(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
