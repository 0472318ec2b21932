import { fail } from '../../shared/errors.ts'
import type { ShellSettings } from './native-calls.ts'
import { type CommandPlace, installCommand, installedCommand } from './install-command.ts'

export interface LoginSetting { get(): Promise<boolean> | boolean; set(on: boolean): Promise<void> | void }

/** Settings that are the shell's own and not the engine's. */
export function shellSettings({ packaged, login, place, version, electron }: {
  packaged: boolean
  login: LoginSetting
  place: CommandPlace | null
  version: string
  electron: string
}): ShellSettings {
  return {
    // From a clone there is nothing at a fixed place to be launched.
    read: async () => ({ login: packaged ? await login.get() : null, command: await installedCommand(place), version, electron }),
    async setLogin(on) {
      if (!packaged) throw fail('NOT_SUPPORTED', 'Only an installed Berth can start at login', { next: 'Install a package of Berth.' })
      await login.set(on)
    },
    installCommand: () => installCommand(place),
  }
}
