import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fail } from '../../shared/errors.ts'
import type { ShellSettings } from './native-calls.ts'
import { type CommandPlace, commandPlace, installCommand, installedCommand } from './install-command.ts'
import type { System } from '../system/system.ts'
import { type Places, userHome } from '../boot/shell-paths.ts'

export interface LoginSetting {
  get(): Promise<boolean> | boolean
  set(on: boolean): Promise<void> | void
}

/** Settings that are the shell's own and not the engine's. */
function shellSettings({
  packaged,
  login,
  place,
  version,
  electron,
}: {
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

/** Launch at login on Linux: an entry in the directory that desktops read (XDG autostart). */
export function autostart({ env, home, command }: { env: NodeJS.ProcessEnv; home: string; command: string }): {
  get(): Promise<boolean>
  set(on: boolean): Promise<void>
} {
  const directory = path.join(env['XDG_CONFIG_HOME'] || path.join(home, '.config'), 'autostart')
  const file = path.join(directory, 'berth.desktop')
  return {
    async get() {
      // Some desktops switch an entry off by a line in it.
      const text = await readFile(file, 'utf8').catch(() => '')
      return text !== '' && !/^\s*(?:Hidden\s*=\s*true|X-GNOME-Autostart-enabled\s*=\s*false)\s*$/m.test(text)
    },
    async set(on) {
      if (!on) return await rm(file, { force: true })
      await mkdir(directory, { recursive: true })
      await writeFile(file, entry(command))
    },
  }
}

function entry(command: string): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Berth',
    'Comment=Sandboxes for AI agents',
    `Exec=${quoted(command)} --hidden`,
    'Icon=berth',
    'Terminal=false',
    '',
  ].join('\n')
}

/** As the desktop entry specification quotes an argument. */
function quoted(text: string): string {
  return `"${text.replace(/(["`$\\])/g, '\\$1').replaceAll('%', '%%')}"`
}
