import { access, readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'

/** This machine, as far as an exact command depends on it. */
export interface Host {
  readonly platform: NodeJS.Platform
  /** `ID` and `ID_LIKE` of /etc/os-release, the nearest first. */
  readonly distribution: readonly string[]
  readonly root: boolean
  readonly user: string
  /** What starts services: null where nothing known does (a container, a minimal system). */
  readonly services: 'systemd' | 'openrc' | 'sysv' | null
  /** Which engines are installed, running or not. */
  readonly installed: readonly ('docker' | 'docker-desktop' | 'podman' | 'colima' | 'orbstack')[]
  /** Of /etc/group. */
  readonly groups: readonly { readonly name: string; readonly gid: number; readonly members: readonly string[] }[]
}

export async function readHost(env: Readonly<Record<string, string | undefined>>): Promise<Host> {
  const [release, groups, systemd, openrc, sysv, ...engines] = await Promise.all([
    textOf('/etc/os-release'),
    textOf('/etc/group'),
    there('/run/systemd/system'),
    there('/run/openrc'),
    there('/etc/init.d/docker'),
    anyOf([...onPath('dockerd', env), ...onPath('rootlesskit', env)]),
    anyOf(['/Applications/Docker.app', join(env['ProgramFiles'] ?? 'C:\\Program Files', 'Docker', 'Docker', 'Docker Desktop.exe'), '/opt/docker-desktop']),
    anyOf(onPath('podman', env)),
    anyOf(onPath('colima', env)),
    anyOf(['/Applications/OrbStack.app']),
  ])
  const names = ['docker', 'docker-desktop', 'podman', 'colima', 'orbstack'] as const
  return {
    platform: process.platform,
    distribution: distributionOf(release),
    root: process.getuid?.() === 0,
    user: userName(),
    services: systemd ? 'systemd' : openrc ? 'openrc' : sysv ? 'sysv' : null,
    installed: names.filter((_, at) => engines[at] === true),
    groups: groupsOf(groups),
  }
}

/** `ID=ubuntu`, `ID_LIKE="debian"`. */
export function distributionOf(release: string): string[] {
  const value = (key: string) => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(release)?.[1] ?? ''
  return [value('ID'), ...value('ID_LIKE').split(/\s+/)].filter((id) => id !== '')
}

/** Rows of /etc/group: `name:x:gid:member,member`. */
export function groupsOf(text: string): Host['groups'] {
  return text.split('\n').flatMap((line) => {
    const [name, , gid, members = ''] = line.split(':')
    return name && gid ? [{ name, gid: Number(gid), members: members.split(',').filter((one) => one !== '') }] : []
  })
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return '$USER' // a uid without an entry: the shell's own word for it does
  }
}

function onPath(name: string, env: Readonly<Record<string, string | undefined>>): string[] {
  const dirs = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return dirs.filter((dir) => dir !== '').map((dir) => join(dir, name))
}

async function anyOf(paths: readonly string[]): Promise<boolean> {
  return (await Promise.all(paths.map(there))).includes(true)
}

function there(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** '' where there is none to read: then nothing is known, and the advice is the general one. */
function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
