import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { tempDir } from './temp-dir.ts'
import { eventually } from './wait.ts'

/** A container engine of a test's own, to be killed, stopped, frozen and started again. Never the shared one. */
export interface OwnEngine {
  readonly host: string
  readonly docker: Docker
  readonly logFile: string
  /** Runs a command where this engine's published ports are. */
  readonly inside: readonly string[]
  /** Copies an image of the shared engine. */
  copyImage(name: string): Promise<void>
  start(): Promise<void>
  /** SIGTERM, and waits. */
  stop(): Promise<void>
  /** SIGKILL: containers may go on without it. */
  kill(): Promise<void>
  freeze(on: boolean): void
  /** A tiny image whose only program sleeps. */
  importSleeper(name: string): Promise<void>
  close(): Promise<void>
}

/**
 * `dockerd` with its own containerd, directories and socket, in a network namespace of its own: one in the host's
 * namespace would take the host's bridge and packet filter rules for its own. Needs root.
 */
export async function ownEngine(args: readonly string[] = []): Promise<OwnEngine> {
  const directory = await tempDir('engine')
  // Short: a unix socket's path has 108 bytes at most.
  const host = `unix://${directory.path}/d.sock`
  const namespace = `berthtest-${randomBytes(4).toString('hex')}`
  const logFile = join(directory.path, 'dockerd.log')
  run('ip', ['netns', 'add', namespace])
  run('ip', ['-n', namespace, 'link', 'set', 'lo', 'up'])
  const docker = new Docker({ socketPath: `${directory.path}/d.sock` })
  let daemon: ChildProcess | null = null
  let runtime: ChildProcess | null = null

  /** Its own process, as on most machines: dockerd dies and comes back without it. */
  async function startRuntime(): Promise<void> {
    const config = join(directory.path, 'containerd.toml')
    const at = (name: string) => JSON.stringify(join(directory.path, name))
    await writeFile(
      config,
      `version = 2\nroot = ${at('containerd')}\nstate = ${at('c')}\n[grpc]\naddress = ${at('c.sock')}\n[ttrpc]\naddress = ${at('c.ttrpc')}\n`,
    )
    runtime = spawn('nsenter', [`--net=/run/netns/${namespace}`, 'containerd', '--config', config], { stdio: 'ignore' })
    await eventually('its containerd listens', () => existsSync(join(directory.path, 'c.sock')))
  }

  async function gone(signal: NodeJS.Signals): Promise<void> {
    const ending = daemon
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const exit = new Promise((resolve) => ending.once('exit', resolve))
    ending.kill(signal)
    await exit
    daemon = null
  }

  return {
    host,
    docker,
    logFile,
    inside: ['nsenter', `--net=/run/netns/${namespace}`],
    async copyImage(name) {
      const loading = await docker.loadImage(await new Docker().getImage(name).get())
      for await (const chunk of loading as AsyncIterable<Buffer>) if (String(chunk).includes('"error"')) throw new Error(String(chunk))
    },
    async start() {
      if (!runtime) await startRuntime()
      // Not `ip netns exec`: that one also mounts /sys anew, without the cgroups. nsenter becomes dockerd, so its pid is the daemon's.
      const child = spawn(
        'nsenter',
        [
          `--net=/run/netns/${namespace}`,
          'dockerd',
          '-H',
          host,
          '--data-root',
          join(directory.path, 'data'),
          '--exec-root',
          join(directory.path, 'exec'),
          '--pidfile',
          join(directory.path, 'd.pid'),
          '--containerd',
          join(directory.path, 'c.sock'),
          ...args,
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      )
      const log = createWriteStream(logFile, { flags: 'a' })
      child.stdout.pipe(log, { end: false })
      child.stderr.pipe(log, { end: false })
      daemon = child
      await eventually(
        'the own engine answers',
        async () => {
          if (child.exitCode !== null) return true
          await docker.ping()
          return true
        },
        { within: 60_000, every: 100 },
      )
      if (child.exitCode !== null) throw new Error(`dockerd ended: ${(await readFile(logFile, 'utf8')).slice(-1500)}`)
    },
    stop: () => gone('SIGTERM'),
    kill: () => gone('SIGKILL'),
    freeze: (on) => void daemon?.kill(on ? 'SIGSTOP' : 'SIGCONT'),
    async importSleeper(name) {
      const libraries = [...run('ldd', ['/bin/sleep']).matchAll(/(\/\S+)/g)].map((match) => match[1]!)
      const tar = spawn('tar', ['-ch', '/bin/sleep', ...libraries], { stdio: ['ignore', 'pipe', 'ignore'] })
      const [repo, tag] = name.split(':')
      const answer = await docker.importImage(tar.stdout, { repo, tag, changes: 'ENTRYPOINT ["/bin/sleep", "3600"]' })
      for await (const chunk of answer) if (String(chunk).includes('"error"')) throw new Error(String(chunk))
    },
    async close() {
      daemon?.kill('SIGCONT')
      if (daemon && daemon.exitCode === null && daemon.signalCode === null) {
        for (const row of await docker.listContainers({ all: true })) await docker.getContainer(row.Id).remove({ force: true, v: true })
      }
      await gone('SIGTERM')
      runtime?.kill('SIGTERM')
      endLeftovers(directory.path)
      run('ip', ['netns', 'delete', namespace])
      await directory.remove()
    },
  }
}

/** containerd and its shims outlive a killed dockerd; all of ours have our directory in their arguments. */
function endLeftovers(directory: string): void {
  const found = spawnSync('pgrep', ['-f', directory], { encoding: 'utf8' }).stdout.split('\n').map(Number)
  for (const pid of found) if (pid > 1 && pid !== process.pid) spawnSync('kill', ['-9', String(pid)])
  const mounts = spawnSync('findmnt', ['-rno', 'TARGET'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((target) => target.startsWith(directory))
  for (const target of mounts.toReversed()) spawnSync('umount', ['-l', target])
}

function run(command: string, args: string[]): string {
  const done = spawnSync(command, args, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`)
  return done.stdout
}
