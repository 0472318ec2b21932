import path from 'node:path'
import { mkdirSync } from 'node:fs'
import { defaultHome } from '../../main/house/home/paths.ts'
import { version } from '../../main/base/version.ts'
import { errno } from '../../main/base/write-atomic.ts'
import { fail, toErrorData } from '../../shared/errors.ts'
import { scheme } from './bundle.ts'
import { runShell, type ShellStart } from './run-shell.ts'

/**
 * Boots the shell. What must come first comes first and waits for nothing: whose home, whose lock, which scheme. The rest runs
 * once the system is ready, which it is only after this returned.
 */
export function startShell(start: ShellStart): void {
  const { life, dialogs, guard } = start.system
  const fatal = (thrown: unknown) => {
    const error = toErrorData(thrown)
    console.error(thrown)
    dialogs.error('Berth cannot start', `${error.message}\n${error.next}`)
    life.exit(70)
  }
  try {
    const { home, data } = prepareHome(defaultHome(start.env))
    life.useData(data)
    if (!life.claim()) return life.exit(0)
    guard.registerScheme(scheme)
    // Whether closing the last window ends the app is decided when it is closed.
    life.onWindowsClosed(() => undefined)
    void life
      .ready()
      .then(() => runShell(start, { home, memoryFile: path.join(data, 'shell.json'), version }))
      .catch(fatal)
  } catch (error) {
    fatal(error)
  }
}

/**
 * Makes a home and, in it, the directory where Chromium keeps its own: so the single-instance lock is a home's. Synchronous,
 * as the lock must be taken before anything waits. Throws HOME_UNUSABLE.
 */
function prepareHome(home: string): { home: string; data: string } {
  const data = path.join(home, 'desktop')
  try {
    for (const directory of [home, data]) made(directory)
  } catch (cause) {
    throw fail('HOME_UNUSABLE', `Berth cannot keep its files in ${home}`, {
      next: 'Choose another directory with BERTH_HOME; the one above it must exist.',
      cause,
    })
  }
  return { home, data }
}

/** Its parent must exist: nothing is made outside a home. */
function made(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    if (errno(error) !== 'EEXIST') throw error
  }
}
