import { existsSync } from 'node:fs'
import { buildIsCurrent } from '../lib/build-stamp.mjs'
import { canInstall, installPackages, onPath } from '../lib/debian.mjs'
import { dockerAnswers } from '../lib/docker.mjs'
import { inRoot, say } from '../lib/root.mjs'
import { runCommand } from './command.ts'
import { browserPath } from './browser.ts'
import { startDaemon } from './docker-daemon.ts'
import type { Daemon } from './docker-daemon.ts'

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
