import { homedir } from 'node:os'
import path from 'node:path'

/** Files that come with the shell, and where they lie. */
export interface Places {
  readonly preload: string
  readonly renderer: string
  /** PNGs of the tray, by the name of what they show. */
  trayIcon(name: string): string
  readonly windowIcon: string | null
  /** For the engine in this process: in a package its own files lie outside the archive. null: it finds them itself. */
  readonly resources: string | null
  /** The file behind the `berth` command. */
  readonly command: string
  /** What starts this app again, for launch at login. */
  readonly program: string
}

/** `here`: the directory of the built main file, `out/app`. */
export function places({
  here,
  packaged,
  platform,
  resourcesPath,
  env,
  execPath,
}: {
  here: string
  packaged: boolean
  platform: NodeJS.Platform
  resourcesPath: string
  env: NodeJS.ProcessEnv
  execPath: string
}): Places {
  const out = path.dirname(here)
  const outside = path.join(resourcesPath, 'berth')
  const template = platform === 'darwin' ? 'Template' : ''
  return {
    preload: path.join(out, 'preload', 'preload.cjs'),
    renderer: path.join(out, 'renderer'),
    trayIcon: (name) => path.join(out, 'icons', `tray-${name}${template}.png`),
    windowIcon: platform === 'linux' ? path.join(out, 'icons', 'berth.png') : null,
    resources: packaged ? path.join(outside, 'out') : null,
    command: packaged ? path.join(outside, 'bin', platform === 'win32' ? 'berth.cmd' : 'berth') : path.join(path.dirname(out), 'bin', 'berth.mjs'),
    program: env['APPIMAGE'] ?? execPath,
  }
}

/** The user's own directory, for what the shell installs outside the home on a person's word. */
export function userHome(env: NodeJS.ProcessEnv): string {
  return env['HOME'] || homedir()
}
