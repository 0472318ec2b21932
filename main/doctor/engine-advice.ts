import type { EngineSight } from './engine-sight.ts'
import type { Host } from './machine.ts'
import { type DoctorOptions, surroundings } from './surroundings.ts'

type Absent = EngineSight & { readonly answers: false }

/** The exact command that gives this machine an engine that this user may use. */
export function engineAdvice(sight: Absent, host: Host): string {
  const { endpoint, trouble } = sight
  if (trouble === 'denied') return mayUse(sight, host)
  // A file or a variable that cannot be read for what it means: its own error says how to mend it.
  if (trouble === 'settings' && sight.error.code === 'BAD_CONFIG') return sight.error.next
  if (sight.usual !== null && endpoint?.origin !== 'the default socket') return backToUsual(sight)
  if (trouble === 'settings' || trouble === 'unknown-host') return sight.error.next
  if (trouble === 'mute') return `${restart(host)}\nSandboxes’ files stay.`
  if (endpoint?.origin === 'DOCKER_HOST') return `Start the engine at ${endpoint.where}, or: unset DOCKER_HOST`
  return host.installed.length > 0 ? start(sight, host) : install(host)
}

function backToUsual({ endpoint, error, usual }: Absent): string {
  const set = endpoint?.origin === 'DOCKER_HOST' || /DOCKER_HOST/.test(error.message) ? 'unset DOCKER_HOST' : 'unset DOCKER_CONTEXT; docker context use default'
  return `${set}\nAn engine listens at ${usual}.`
}

/** The socket is there, its group is not ours: in it already but not logged in anew, or not in it. */
function mayUse(sight: Absent, host: Host): string {
  if (host.platform === 'win32') return 'net localgroup docker-users "%USERNAME%" /add   (as administrator, then log out and in)'
  const group = socketGroup(sight, host)
  if (group === null) {
    return `Give the socket to a group (\`sudo groupadd -f docker && sudo chgrp docker ${sight.endpoint?.socketPath ?? 'the socket'} && sudo chmod 660 ${sight.endpoint?.socketPath ?? 'the socket'}\`), then sudo usermod -aG docker ${host.user}, and log in anew.`
  }
  if (host.groups.some((it) => it.name === group && it.members.includes(host.user))) {
    return `newgrp ${group}   (${host.user} is in that group, but this login is older than that; logging out and in does it for good)`
  }
  return `sudo usermod -aG ${group} ${host.user}   and then log out and in, or run: newgrp ${group}`
}

function socketGroup(sight: Absent, host: Host): string | null {
  const gid = sight.socketGid
  const name = host.groups.find((it) => it.gid === gid)?.name ?? null
  // In root's group one would be asked to make oneself root.
  return gid === null || gid === 0 ? null : name
}

function start(sight: Absent, host: Host): string {
  const sudo = host.root ? '' : 'sudo '
  const has = (name: Host['installed'][number]) => host.installed.includes(name)
  if (host.platform === 'darwin')
    return has('docker-desktop') ? 'open -a Docker' : has('orbstack') ? 'open -a OrbStack' : has('colima') ? 'colima start' : 'podman machine start'
  if (host.platform === 'win32') return 'Start Docker Desktop from the Start menu.'
  if (sight.endpoint?.socketPath?.startsWith('/run/user/') === true) return 'systemctl --user start docker'
  if (has('docker')) {
    if (host.services === 'systemd') return `${sudo}systemctl enable --now docker`
    if (host.services === 'openrc') return `${sudo}rc-service docker start`
    if (host.services === 'sysv') return `${sudo}service docker start`
    return host.root ? 'dockerd >/var/log/dockerd.log 2>&1 &' : `sudo sh -c 'dockerd >/var/log/dockerd.log 2>&1 &'`
  }
  if (has('docker-desktop')) return 'systemctl --user start docker-desktop'
  return 'systemctl --user enable --now podman.socket && export DOCKER_HOST=unix://$XDG_RUNTIME_DIR/podman/podman.sock'
}

function restart(host: Host): string {
  const sudo = host.root ? '' : 'sudo '
  if (host.platform === 'darwin' || host.platform === 'win32') return 'Restart Docker Desktop.'
  return host.services === 'systemd' ? `${sudo}systemctl restart docker` : `${sudo}service docker restart`
}

function install(host: Host): string {
  if (host.platform === 'darwin') return 'brew install --cask docker && open -a Docker'
  if (host.platform === 'win32') return 'winget install Docker.DockerDesktop'
  const sudo = host.root ? '' : 'sudo '
  const known: [readonly string[], string][] = [
    [['debian', 'ubuntu'], 'apt-get install docker.io'],
    [['fedora'], 'dnf install moby-engine'],
    [['rhel', 'centos'], 'dnf install podman-docker'],
    [['arch'], 'pacman -S docker'],
    [['suse', 'opensuse'], 'zypper install docker'],
    [['alpine'], 'apk add docker'],
  ]
  const command = known.find(([ids]) => ids.some((id) => host.distribution.includes(id)))?.[1]
  if (command === undefined) return 'Install Docker or Podman with the package manager of this system, and start it.'
  if (command.endsWith('podman-docker')) return `${sudo}${command} && ${sudo}systemctl enable --now podman.socket`
  const begin =
    host.services === 'systemd'
      ? ` && ${sudo}systemctl enable --now docker`
      : host.services === 'openrc'
        ? ` && ${sudo}rc-service docker start`
        : ` && ${sudo}service docker start`
  const group = host.root ? '' : ` && sudo usermod -aG docker ${host.user}   (then log out and in)`
  return `${sudo}${command}${begin}${group}`
}

/** What this machine has to run sandboxes with, and how it gets what it lacks: commands as they stand. */
export interface EngineOutlook {
  /** Name and version of the container engine that answers. */
  readonly engine: string | null
  /** Why none answers. */
  readonly problem: string | null
  readonly isolation: boolean
  readonly fixes: readonly { readonly text: string; readonly command: string | null }[]
}

/** `bubblewrap`: whether it would help; trying it starts processes. */
export async function engineOutlook(options: DoctorOptions, { bubblewrap }: { bubblewrap: boolean }): Promise<EngineOutlook> {
  const see = surroundings(options)
  try {
    const [sight, isolation, host] = await Promise.all([see.engine(), bubblewrap ? see.isolation() : null, see.host()])
    const fixes: { text: string; command: string | null }[] = []
    if (!sight.answers) {
      const [first = '', ...rest] = engineAdvice(sight, host).split('\n')
      fixes.push(asFix('Give Berth a container engine', first, rest.join(' ')))
    }
    if (isolation && !isolation.works && !sight.answers)
      for (const one of isolation.fix.slice(0, 2)) fixes.push(asFix('Or let it isolate commands with bubblewrap', one, ''))
    return {
      engine: sight.answers ? `${sight.traits.name} ${sight.traits.version}` : null,
      problem: sight.answers ? null : sight.error.message,
      isolation: isolation?.works ?? false,
      fixes,
    }
  } finally {
    await see.close()
  }
}

/** An advice that begins like a command is one; its remark in parentheses is not. */
function asFix(title: string, advice: string, more: string): { text: string; command: string | null } {
  const [, command = '', remark = ''] = /^(.*?)\s{2,}\((.*)\)$/.exec(advice) ?? [null, advice, '']
  const runnable =
    /^(?:sudo|apt|dnf|pacman|zypper|apk|brew|winget|open|systemctl|newgrp|unset|colima|podman|dockerd|net|usermod|sysctl|echo|printf|docker) /.test(command)
  const text = [title, remark, more].filter((part) => part !== '').join('. ')
  return runnable ? { text, command } : { text: [title, command, remark, more].filter((part) => part !== '').join('. '), command: null }
}
