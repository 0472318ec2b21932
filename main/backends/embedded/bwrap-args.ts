import { forCommands, type Mount } from '../backend.ts'
import type { HostRoot } from './host-root.ts'

/** The user that a sandbox's programs run as, and its home. */
export const inside = { user: 'gem', home: '/home/gem', hostname: 'sandbox' } as const

export interface RootPlan {
  readonly host: HostRoot
  /**
   * With a user namespace everything runs as uid 1000, mapped to the one who runs Berth. Without (root on a machine
   * that forbids user namespaces) as uid 0 with no capability.
   */
  readonly userNamespace: boolean
  /** Host directory with the `passwd`, `group`, `hosts` and `nsswitch.conf` of sandboxes. */
  readonly etcDir: string
  /** Host directories that stay empty inside even if they lie below `/usr`: Berth's home, its run directory. */
  readonly hidden: readonly string[]
}

/** bubblewrap's options for one sandbox, without the command. They go through a descriptor: `ps` shows no environment. */
export function bwrapArgs(plan: RootPlan, mounts: readonly Mount[], environment: Readonly<Record<string, string>>): string[] {
  const { host } = plan
  const args: string[] = []
  const add = (...words: string[]) => args.push(...words)
  if (plan.userNamespace) add('--unshare-user', '--uid', '1000', '--gid', '1000')
  // The network stays shared: agents need it, and the port has its key. A TTY is made inside, so a new session breaks none.
  add('--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--hostname', inside.hostname)
  add('--die-with-parent', '--new-session', '--cap-drop', 'ALL')
  add('--ro-bind', '/usr', '/usr')
  for (const one of host.top) add(...(one.link === null ? ['--ro-bind', one.path, one.path] : ['--symlink', one.link, one.path]))
  for (const path of host.etc) add('--ro-bind-try', path, path)
  for (const name of ['passwd', 'group', 'hosts', 'nsswitch.conf']) add('--ro-bind', `${plan.etcDir}/${name}`, `/etc/${name}`)
  if (host.resolvConf !== null) add('--ro-bind-try', host.resolvConf, '/etc/resolv.conf')
  add('--proc', '/proc')
  // `-try`: an entry can go with its kernel module between the reading and now.
  for (const path of host.procReadonly) add('--ro-bind-try', path, path)
  for (const one of host.procHidden) add(...(one.directory ? ['--tmpfs', one.path] : ['--ro-bind', '/dev/null', one.path]))
  add('--dev', '/dev', '--tmpfs', '/tmp', '--tmpfs', '/var/tmp', '--tmpfs', '/run', '--tmpfs', '/home', '--dir', inside.home)
  for (const path of plan.hidden) if (path.startsWith('/usr/')) add('--tmpfs', path)
  for (const one of host.server.binds) add('--ro-bind', one.source, one.target)
  // Outer targets first, or they would cover the inner ones.
  for (const mount of mounts.toSorted((a, b) => depth(a.target) - depth(b.target))) {
    add(mount.readonly ? '--ro-bind' : '--bind', mount.source, mount.target)
  }
  add('--remount-ro', '/', '--chdir', inside.home, '--clearenv')
  for (const [name, value] of Object.entries(environment)) add('--setenv', name, value)
  return args
}

/** The files of `/etc` that are made, not bound: no user, host name or name service of this machine shows. */
export function etcFiles(userNamespace: boolean): Record<string, string> {
  const uid = userNamespace ? 1000 : 0
  return {
    passwd: `${inside.user}:x:${uid}:${uid}:sandbox:${inside.home}:/bin/bash\n` + 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
    group: `${inside.user}:x:${uid}:\nnogroup:x:65534:\n`,
    hosts: `127.0.0.1 localhost ${inside.hostname}\n::1 localhost ip6-localhost ip6-loopback\n`,
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\n',
  }
}

/** What every sandbox has in its environment; to commands the spec's own variables win, the server's never reach one. */
export function sandboxEnvironment(own: Readonly<Record<string, string>>, port: number, keyFd: number, home: string): Record<string, string> {
  const { SANDBOX_API_KEY: _, ...rest } = own
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    USER: inside.user,
    LOGNAME: inside.user,
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    ...forCommands(rest),
    PUBLIC_PORT: String(port),
    BERTH_LISTEN: '127.0.0.1',
    BERTH_KEY_FD: String(keyFd),
  }
}

function depth(path: string): number {
  return path.split('/').filter((part) => part !== '').length
}
