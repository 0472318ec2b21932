import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Engine } from '../engine.ts'
import { aptProxies, findAptSource } from './apt-source.ts'
import { endChild, readEngineLines } from './engine-lines.ts'

const run = promisify(execFile)

/** What the host offers for making a base of its own; a string says why it cannot. */
export async function debootstrapPlan(suite: string | null = null): Promise<{ suite: string; uri: string; keyring: string | null } | string> {
  if (process.platform !== 'linux') return 'this is not Linux'
  if (process.getuid?.() !== 0) return 'this needs root'
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  if (!/^ID(_LIKE)?=.*debian/m.test(release)) return 'this is not a Debian'
  try {
    await run('debootstrap', ['--version'])
  } catch {
    return 'debootstrap is not installed (`apt-get install debootstrap`)'
  }
  const wanted = suite ?? /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1] ?? 'bookworm'
  const source = findAptSource(await aptTexts(), wanted)
  return source ?? `no apt source of ${wanted} is configured here`
}

/**
 * Makes a small Debian in a temporary directory from the host's own mirror and imports it as `tag`. The
 * directory goes whatever happens, after everything that works in it has ended.
 */
export async function importDebootstrap(
  engine: Engine,
  plan: { suite: string; uri: string; keyring: string | null },
  options: { tag: string; packages: readonly string[]; note: (text: string) => void; signal: AbortSignal },
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-base-'))
  try {
    const { stdout } = await run('apt-config', ['dump'])
    const args = [
      '--variant=minbase',
      `--include=${options.packages.join(',')}`,
      ...(plan.keyring === null ? [] : [`--keyring=${plan.keyring}`]),
      plan.suite,
      directory,
      plan.uri,
    ]
    await follow('debootstrap', args, { ...process.env, ...aptProxies(stdout), DEBIAN_FRONTEND: 'noninteractive' }, options)
    options.note('Importing the base')
    await importTree(engine, directory, options)
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }
}

/** Runs in a process group of its own, so that the signal ends wget, dpkg and all that they started. */
async function follow(command: string, args: string[], env: NodeJS.ProcessEnv, options: { note: (text: string) => void; signal: AbortSignal }): Promise<void> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const last: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      const text = line.trim().replace(/^[IW]: /, '')
      if (text === '') return
      last.push(text)
      if (last.length > 5) last.shift()
      options.note(text)
    })
  }
  const stop = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  options.signal.addEventListener('abort', stop, { once: true })
  if (options.signal.aborted) stop()
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (options.signal.aborted) throw new Error('aborted')
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${last.join(' | ')}`)
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
}

async function importTree(engine: Engine, directory: string, options: { tag: string; signal: AbortSignal }): Promise<void> {
  const trimmed = ['./proc/*', './sys/*', './dev/*', './var/cache/apt/*', './var/lib/apt/lists/*', './var/log/*', './usr/share/doc/*', './usr/share/man/*', './usr/share/info/*', './usr/share/locale/*', './tmp/*', './etc/hostname', './etc/resolv.conf']
  const args = ['--numeric-owner', '--one-file-system', '-C', directory, ...trimmed.map((path) => `--exclude=${path}`), '-c', '.']
  const tar = spawn('tar', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const colon = options.tag.lastIndexOf(':')
  const query = { repo: options.tag.slice(0, colon), tag: options.tag.slice(colon + 1), abortSignal: options.signal }
  try {
    const stream = await engine.call<NodeJS.ReadableStream>('import the base', 300_000, () => engine.docker.importImage(tar.stdout, query), {
      signal: options.signal,
    })
    await readEngineLines(stream, options.signal, () => undefined)
  } finally {
    await endChild(tar)
  }
}

async function aptTexts(): Promise<string[]> {
  const listed = await readdir('/etc/apt/sources.list.d').catch(() => [])
  const paths = ['/etc/apt/sources.list', ...listed.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join('/etc/apt/sources.list.d', name))]
  // A file that is not there or not readable is simply no source.
  return Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')))
}
