import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { onAbort } from '../../../../shared/abort.ts'
import type { Engine } from '../docker-engine.ts'
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
  const unlisten = onAbort(options.signal, stop)
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (options.signal.aborted) throw new Error('aborted')
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${last.join(' | ')}`)
  } finally {
    unlisten()
  }
}

async function importTree(engine: Engine, directory: string, options: { tag: string; signal: AbortSignal }): Promise<void> {
  const trimmed = [
    './proc/*',
    './sys/*',
    './dev/*',
    './var/cache/apt/*',
    './var/lib/apt/lists/*',
    './var/log/*',
    './usr/share/doc/*',
    './usr/share/man/*',
    './usr/share/info/*',
    './usr/share/locale/*',
    './tmp/*',
    './etc/hostname',
    './etc/resolv.conf',
  ]
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

/** Where the host itself gets its packages from. */
export interface AptSource {
  readonly uri: string
  readonly suite: string
  readonly keyring: string | null
}

/** The first source of this suite's main component, from one-line (`*.list`) or deb822 (`*.sources`) text. */
export function findAptSource(texts: readonly string[], suite: string): AptSource | null {
  for (const text of texts) {
    const source = oneLine(text, suite) ?? deb822(text, suite)
    if (source) return source
  }
  return null
}

function oneLine(text: string, suite: string): AptSource | null {
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line)
    if (!match || match[3] !== suite || !/\bmain\b/.test(match[4] ?? '') || !match[2]) continue
    return { uri: match[2], suite, keyring: /signed-by=(\S+)/.exec(match[1] ?? '')?.[1] ?? null }
  }
  return null
}

function deb822(text: string, suite: string): AptSource | null {
  for (const stanza of text.split(/\n\s*\n/)) {
    const fields = new Map<string, string>()
    for (const line of stanza.split('\n')) {
      const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line)
      if (match?.[1]) fields.set(match[1].toLowerCase(), match[2] ?? '')
    }
    const words = (name: string) => (fields.get(name) ?? '').split(/\s+/)
    const uri = words('uris')[0]
    const off = fields.get('enabled')?.toLowerCase() === 'no'
    if (!uri || off || !words('types').includes('deb') || !words('suites').includes(suite) || !words('components').includes('main')) continue
    const keyring = fields.get('signed-by') ?? ''
    return { uri, suite, keyring: keyring.startsWith('/') ? keyring : null }
  }
  return null
}

/** `Acquire::http::Proxy` of `apt-config dump`, for debootstrap, which does not read it. */
export function aptProxies(dump: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const scheme of ['http', 'https']) {
    const value = new RegExp(`^Acquire::${scheme}::Proxy "([^"]+)";$`, 'im').exec(dump)?.[1]
    if (value && value !== 'DIRECT') found[`${scheme}_proxy`] = value
  }
  return found
}
