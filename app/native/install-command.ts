import { lstat, mkdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fail } from '../../shared/errors.ts'

export interface CommandPlace {
  /** Where the command is to be. */
  readonly file: string
  /** What it runs: a file that stays where it is. */
  readonly target: string
}

/** Where the `berth` command goes, a directory of the user's own; null where nothing stays that it could point at. */
export function commandPlace({
  platform,
  env,
  userHome,
  target,
}: {
  platform: NodeJS.Platform
  env: NodeJS.ProcessEnv
  userHome: string
  target: string
}): CommandPlace | null {
  // An AppImage is unpacked only while it runs.
  if (env['APPIMAGE']) return null
  if (platform === 'win32')
    return { file: path.win32.join(env['LOCALAPPDATA'] ?? path.win32.join(userHome, 'AppData', 'Local'), 'Microsoft', 'WindowsApps', 'berth.cmd'), target }
  return { file: path.posix.join(userHome, '.local', 'bin', 'berth'), target }
}

/** Its path, if it is ours; null: not installed. */
export async function installedCommand(place: CommandPlace | null): Promise<string | null> {
  if (!place) return null
  const linked = await readlink(place.file).catch(() => null)
  if (linked !== null) return path.resolve(path.dirname(place.file), linked) === place.target ? place.file : null
  const there = place.file.endsWith('.cmd') && (await lstat(place.file).catch(() => null)) !== null
  return there ? place.file : null
}

/** Installs the command, in place of an older link of ours; never over a file of somebody else. */
export async function installCommand(place: CommandPlace | null): Promise<string> {
  if (!place)
    throw fail('NOT_SUPPORTED', 'An AppImage cannot install a command: it is unpacked only while it runs', {
      next: 'Install the deb package, or run Berth from a clone.',
    })
  if (!place.file.endsWith('.cmd') && !(await isFree(place.file))) {
    throw fail('NAME_TAKEN', `${place.file} is there already and is not Berth's`, { next: 'Move it away, then install the command again.' })
  }
  try {
    await mkdir(path.dirname(place.file), { recursive: true })
    if (place.file.endsWith('.cmd')) await writeFile(place.file, `@echo off\r\n"${place.target}" %*\r\n`)
    else {
      await rm(place.file, { force: true })
      await symlink(place.target, place.file)
    }
  } catch (cause) {
    throw fail('FILE_DENIED', `The command could not be put at ${place.file}`, { next: 'Check who may write there.', cause })
  }
  return place.file
}

/** Nothing is there, or a link to a `berth` of another place. */
async function isFree(file: string): Promise<boolean> {
  if ((await lstat(file).catch(() => null)) === null) return true
  const linked = await readlink(file).catch(() => null)
  return linked !== null && /^berth(?:\.mjs)?$/.test(path.basename(linked))
}
