import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { canInstall, installPackages, onPath } from '../lib/debian.mjs'
import { dockerAnswers } from '../lib/docker.mjs'
import { buildIsCurrent } from '../lib/ready.mjs'
import { inRoot, say } from '../lib/root.mjs'
import { runCommand } from './command.ts'
import { browserPath } from './machine.ts'

/** Debian's package, and a command (or file) by which it is known to be there. */
const packages: readonly (readonly [name: string, known: string])[] = [
  ['docker.io', 'dockerd'],
  ['bubblewrap', 'bwrap'],
  ['debootstrap', 'debootstrap'],
  ['xvfb', 'Xvfb'],
  ['iproute2', 'ip'],
  ['util-linux', 'unshare'],
  ['git', 'git'],
  ['ripgrep', 'rg'],
  ['python3-venv', '/usr/share/doc/python3-venv'],
]

export interface Machine {
  /** Set-up steps that failed, as sentences; each counts as a failed check. */
  readonly failures: readonly string[]
  close(): Promise<void>
}

/** Gives the suites what they need, as far as this user may: packages, an engine, out/, the lite image. */
export async function setUp(signal: AbortSignal): Promise<Machine> {
  const failures: string[] = []
  if (canInstall()) await installMissing()
  let daemon: Daemon | null = null
  // An engine that DOCKER_HOST names and that is away is not ours to start.
  if (canInstall() && !process.env['DOCKER_HOST'] && !(await dockerAnswers())) daemon = await startDaemon(say)
  const close = async () => {
    if (daemon) say('stopping the dockerd that was started for this ...')
    await daemon?.close()
  }
  if (!buildIsCurrent()) {
    say('building out/ ...')
    const end = await runCommand(process.execPath, [inRoot('scripts', 'build.mjs'), '--quiet'], { seconds: 120, signal })
    if (end.code !== 0) failures.push('the build of out/ failed')
  }
  if (await dockerAnswers()) {
    say('making the lite image, unless it is there ...')
    const end = await runCommand(process.execPath, [inRoot('scripts', 'lite-image.ts')], { seconds: 600, signal })
    // Where this could not bring debootstrap, an image may be out of reach: the suites that need it say so.
    if (end.code !== 0 && canInstall()) failures.push('the lite image could not be made')
  }
  return { failures, close }
}

async function installMissing(): Promise<void> {
  // What apt does not know at all would keep it from the others: the shell is a package of its own in newer Debians only.
  if (browserPath() === null && !(await installPackages(['chromium-headless-shell'])).ok) await installPackages(['chromium'])
  const missing = packages.filter(([, known]) => (known.startsWith('/') ? !existsSync(known) : !onPath(known))).map(([name]) => name)
  if (missing.length === 0) return
  say(`installing ${missing.join(', ')} with apt-get; a minute or two ...`)
  const result = await installPackages(missing)
  // No failure by itself: each suite that lacks a part says so.
  if (!result.ok) say(`apt-get could not install them all: ${result.output.trim().split('\n').slice(-4).join(' | ')}`)
}

interface Daemon {
  close(): Promise<void>
}

/** Seconds until a first start answers: it makes its store and its networks. */
const startWithin = 90

/**
 * A dockerd on the default socket, in the background, its log outside the tree. It is stopped again by `close`: the
 * machine is left as it was found.
 */
async function startDaemon(say: (line: string) => void): Promise<Daemon | null> {
  if (!onPath('dockerd')) {
    say('no dockerd to start')
    return null
  }
  // dockerd gives its socket to this group only if it exists when it starts.
  spawnSync('groupadd', ['-f', 'docker'], { stdio: 'ignore' })
  const dir = mkdtempSync(path.join(tmpdir(), 'berth-dockerd-'))
  const log = path.join(dir, 'dockerd.log')
  say(`starting dockerd (log: ${log}) ...`)
  const file = openSync(log, 'a')
  const child = spawn('dockerd', [], { stdio: ['ignore', file, file], detached: true })
  closeSync(file)
  let ended: string | null = null
  child.on('error', (error) => {
    ended = error.message
  })
  child.on('exit', (code, signal) => {
    ended ??= `it exited with ${code ?? signal}`
  })
  const deadline = Date.now() + startWithin * 1000
  while (ended === null && Date.now() < deadline) {
    if (await dockerAnswers()) return { close: () => stop(child).then(() => rmSync(dir, { recursive: true, force: true })) }
    await sleep(250)
  }
  say(`dockerd does not answer (${ended ?? `not within ${startWithin} s`}); its log ends:\n${readFileSync(log, 'utf8').slice(-2000)}`)
  await stop(child)
  return null
}

async function stop(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 30_000)
  await gone
  clearTimeout(late)
}
