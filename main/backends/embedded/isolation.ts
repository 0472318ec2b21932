import { execFile } from 'node:child_process'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { BerthError } from '../../../shared/errors.ts'
import { fail } from '../../../shared/errors.ts'
import { bwrapArgs, sandboxEnvironment } from './bwrap-args.ts'
import { writeEtc } from './starting.ts'
import type { HostRoot } from './host-root.ts'
import { readHostRoot } from './host-root.ts'

/** Whether bubblewrap isolates on this machine, found out by running it with the flags that sandboxes get. */
export type IsolationProbe =
  | {
      readonly works: true
      readonly bwrap: string
      readonly version: string
      readonly userNamespace: boolean
      /** What was found on the way, for the sandboxes to come. */
      readonly host: HostRoot
    }
  | { readonly works: false; readonly reason: string; readonly fix: readonly string[]; readonly output: string }

/** What this machine says about itself when isolation fails: measured, not guessed. */
export interface IsolationFacts {
  readonly platform: string
  /** `ID` and `ID_LIKE` of /etc/os-release. */
  readonly distribution: readonly string[]
  readonly installed: boolean
  readonly output: string
  /** Contents of the files below /proc/sys; null where there is no such file. */
  readonly apparmorRestricts: string | null
  readonly unprivilegedUserns: string | null
  readonly maxUserNamespaces: string | null
  readonly insideContainer: boolean
}

// Names the program, so that nothing else gets the right; in `printf`'s form.
const appArmorProfile = 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,\\n}\\n'

/** Runs it: some 50 ms. `node` and `server` are those that sandboxes will run; START_FAILED when they are not there. */
export async function probeIsolation(options: {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly node: string
  readonly server: string
}): Promise<IsolationProbe> {
  const bwrap = process.platform === 'linux' ? await onPath('bwrap', options.env) : null
  if (bwrap === null) return { works: false, output: '', ...explain(await facts(false, '')) }
  const host = await readHostRoot(options.node, options.server)
  const etcDir = await mkdtemp(join(tmpdir(), 'berth-probe-'))
  try {
    // Root needs no user namespace, but one narrows what uid 0 means: tried first, done without where it is forbidden.
    const ways = process.getuid?.() === 0 ? [true, false] : [true]
    const outputs: string[] = []
    for (const userNamespace of ways) {
      await writeEtc(etcDir, userNamespace)
      const plan = { host, userNamespace, etcDir, hidden: [] }
      const { node } = host.server
      const options = bwrapArgs(plan, [], sandboxEnvironment({}, 0, 0, '/home/gem'))
      const result = await run(bwrap, [...options, '--', node, '--version'])
      if (result.ok) return { works: true, bwrap, version: await versionOf(bwrap), userNamespace, host }
      outputs.push(result.output)
    }
    const output = outputs.join('\n').trim()
    return { works: false, output, ...explain(await facts(true, output)) }
  } finally {
    await rm(etcDir, { recursive: true, force: true })
  }
}

/** Why it fails, and the commands that fix it, most likely first. */
export function explain(it: IsolationFacts): { reason: string; fix: string[] } {
  if (it.platform !== 'linux') {
    return { reason: 'bubblewrap exists on Linux only', fix: ['Install Docker (or another container engine) and start it.'] }
  }
  if (!it.installed) return { reason: 'bubblewrap (bwrap) is not installed', fix: [installCommand(it.distribution)] }
  if (it.apparmorRestricts === '1' && /permission|not permitted|denied/i.test(it.output)) {
    return {
      reason: 'AppArmor forbids user namespaces to programs without a profile ' + '(kernel.apparmor_restrict_unprivileged_userns = 1), and bwrap has none',
      fix: [
        `printf '${appArmorProfile}' | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap`,
        'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
      ],
    }
  }
  if (it.unprivilegedUserns === '0') {
    return {
      reason: 'user namespaces are forbidden (kernel.unprivileged_userns_clone = 0)',
      fix: ['sudo sysctl -w kernel.unprivileged_userns_clone=1'],
    }
  }
  if (it.maxUserNamespaces === '0') {
    return {
      reason: 'user namespaces are forbidden (user.max_user_namespaces = 0)',
      fix: ['sudo sysctl -w user.max_user_namespaces=15000'],
    }
  }
  if (it.insideContainer) {
    return {
      reason: 'this machine is itself a container that forbids namespaces',
      fix: ['Start that container with `--security-opt seccomp=unconfined --security-opt systempaths=unconfined`, ' + 'or give Berth a container engine.'],
    }
  }
  return {
    reason: 'bubblewrap is installed but cannot make a sandbox',
    fix: ['Run `bwrap --unshare-all --ro-bind / / true` and look at what it says.'],
  }
}

/** For `isolation: auto` and `bubblewrap` where the probe failed. */
export function isolationMissing(probe: IsolationProbe & { works: false }): BerthError {
  return fail('ISOLATION_MISSING', `Sandboxes cannot be isolated on this machine: ${probe.reason}.`, {
    next:
      `Run: ${probe.fix.join('   or: ')}   Or give Berth a container engine. ` +
      'Only `embedded.isolation: none` in the configuration runs commands without isolation, as you, on all your files.',
    details: { reason: probe.reason, fix: probe.fix },
    ...(probe.output === '' ? {} : { cause: new Error(probe.output) }),
  })
}

function installCommand(distribution: readonly string[]): string {
  const known: [string[], string][] = [
    [['debian', 'ubuntu'], 'sudo apt-get install bubblewrap'],
    [['fedora', 'rhel', 'centos'], 'sudo dnf install bubblewrap'],
    [['arch'], 'sudo pacman -S bubblewrap'],
    [['suse', 'opensuse'], 'sudo zypper install bubblewrap'],
    [['alpine'], 'sudo apk add bubblewrap'],
  ]
  const found = known.find(([names]) => names.some((name) => distribution.includes(name)))
  return found?.[1] ?? 'sudo apt-get install bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap (Fedora, RHEL) or sudo pacman -S bubblewrap (Arch)'
}

async function facts(installed: boolean, output: string): Promise<IsolationFacts> {
  const read = (path: string) =>
    readFile(path, 'utf8').then(
      (text) => text.trim(),
      () => null,
    )
  const [release, apparmorRestricts, unprivilegedUserns, maxUserNamespaces, dockerenv, containerenv] = await Promise.all([
    read('/etc/os-release'),
    read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    read('/proc/sys/kernel/unprivileged_userns_clone'),
    read('/proc/sys/user/max_user_namespaces'),
    access('/.dockerenv').then(
      () => true,
      () => false,
    ),
    access('/run/.containerenv').then(
      () => true,
      () => false,
    ),
  ])
  const ids = [...(release ?? '').matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) => (match[1] ?? '').split(/\s+/))
  return {
    platform: process.platform,
    distribution: ids,
    installed,
    output,
    apparmorRestricts,
    unprivilegedUserns,
    maxUserNamespaces,
    insideContainer: dockerenv || containerenv,
  }
}

async function onPath(name: string, env: Readonly<Record<string, string | undefined>>): Promise<string | null> {
  for (const dir of (env['PATH'] ?? '').split(delimiter)) {
    if (dir === '') continue
    const path = join(dir, name)
    if (
      await access(path, 1).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return null
}

async function versionOf(bwrap: string): Promise<string> {
  return (await run(bwrap, ['--version'])).output.replace(/^bubblewrap\s*/, '').trim()
}

function run(command: string, args: readonly string[]): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    execFile(command, [...args], { env: {}, cwd: '/', timeout: 10_000, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: `${stdout}${stderr}` || (error?.message ?? '') })
    })
  })
}
