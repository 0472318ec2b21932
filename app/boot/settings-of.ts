import { autostart } from '../native/autostart.ts'
import { commandPlace } from '../native/install-command.ts'
import type { ShellSettings } from '../native/native-calls.ts'
import { shellSettings } from '../native/shell-settings.ts'
import type { System } from '../system/system.ts'
import { type Places, userHome } from './places.ts'

/** The shell's own settings on this system. */
export function settingsOf({ system, places, env, version }: { system: System; places: Places; env: NodeJS.ProcessEnv; version: string }): ShellSettings {
  const home = userHome(env)
  return shellSettings({
    packaged: system.packaged,
    login: system.desk.login ?? autostart({ env, home, command: places.program }),
    place: commandPlace({ platform: system.platform, env, userHome: home, target: places.command }),
    version,
    electron: system.electron,
  })
}
