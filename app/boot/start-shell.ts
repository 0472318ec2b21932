import path from 'node:path'
import { defaultHome } from '../../main/home/default-home.ts'
import { version } from '../../main/version.ts'
import { toErrorData } from '../../shared/errors.ts'
import { scheme } from './bundle.ts'
import { prepareHome } from './prepare-home.ts'
import { runShell } from './run-shell.ts'
import type { ShellStart } from './shell-start.ts'

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
    void life.ready().then(() => runShell(start, { home, memoryFile: path.join(data, 'shell.json'), version })).catch(fatal)
  } catch (error) {
    fatal(error)
  }
}
