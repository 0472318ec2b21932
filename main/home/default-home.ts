import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Where the home is unless somebody says otherwise: BERTH_HOME, else `~/.berth`. Empty counts as unset. */
export function defaultHome(env: Readonly<Record<string, string | undefined>>): string {
  return env['BERTH_HOME'] ? resolve(env['BERTH_HOME']) : join(homedir(), '.berth')
}
