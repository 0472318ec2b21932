import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** Launch at login on Linux: an entry in the directory that desktops read (XDG autostart). */
export function autostart({ env, home, command }: { env: NodeJS.ProcessEnv; home: string; command: string }): { get(): Promise<boolean>; set(on: boolean): Promise<void> } {
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
  return ['[Desktop Entry]', 'Type=Application', 'Name=Berth', 'Comment=Sandboxes for AI agents', `Exec=${quoted(command)} --hidden`, 'Icon=berth', 'Terminal=false', ''].join('\n')
}

/** As the desktop entry specification quotes an argument. */
function quoted(text: string): string {
  return `"${text.replace(/(["`$\\])/g, '\\$1').replaceAll('%', '%%')}"`
}
