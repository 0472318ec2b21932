import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../../../shared/errors.ts'
import { errno } from '../../base/write-atomic.ts'

/** Where an engine listens, settled, and who said so. */
export interface Endpoint {
  readonly where: string
  readonly origin: string
  readonly socketPath: string | null
  readonly host: string | null
  readonly port: number | null
  readonly tls: { readonly ca: Buffer | null; readonly cert: Buffer | null; readonly key: Buffer | null } | null
}

export interface ConnectOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The person's home directory, for `.docker`. */
  readonly userHome: string
  readonly platform: NodeJS.Platform
}

/**
 * DOCKER_HOST, then the current docker context, then the usual sockets: the order of the `docker` command.
 * Contexts are files: `config.json` names the current one, `contexts/meta/<sha256 of the name>/meta.json` describes it.
 */
export async function findEndpoint(options: ConnectOptions): Promise<Endpoint> {
  const { env } = options
  const directory = env['DOCKER_CONFIG'] || join(options.userHome, '.docker')
  if (env['DOCKER_HOST']) {
    if (!env['DOCKER_TLS_VERIFY']) return parseHost(env['DOCKER_HOST'], 'DOCKER_HOST', null)
    const place = env['DOCKER_CERT_PATH'] || directory
    const secure = await certificates(place)
    const endpoint = parseHost(env['DOCKER_HOST'], 'DOCKER_HOST', secure)
    // Whoever asks for it must never get the plain connection instead, nor one whose other end is not checked.
    const missing =
      secure === null || secure.ca === null ? 'ca.pem' : (secure.cert === null) === (secure.key === null) ? null : secure.cert === null ? 'cert.pem' : 'key.pem'
    if (endpoint.host !== null && missing !== null) {
      throw fail('BAD_CONFIG', `DOCKER_TLS_VERIFY asks for a verified connection to ${env['DOCKER_HOST']}, and there is no ${join(place, missing)}`, {
        next: 'Put ca.pem, cert.pem and key.pem where DOCKER_CERT_PATH says, or unset DOCKER_TLS_VERIFY.',
        details: { file: join(place, missing) },
      })
    }
    return endpoint
  }
  const context = env['DOCKER_CONTEXT'] || (await currentContext(join(directory, 'config.json')))
  if (context && context !== 'default') return ofContext(context, join(directory, 'contexts'))
  if (options.platform === 'win32') return parseHost('npipe:////./pipe/docker_engine', 'the default pipe', null)
  const usual = ['/var/run/docker.sock', join(options.userHome, '.docker/run/docker.sock')]
  if (env['XDG_RUNTIME_DIR']) usual.push(join(env['XDG_RUNTIME_DIR'], 'docker.sock'))
  return parseHost(`unix://${usual.find((path) => existsSync(path)) ?? usual[0]}`, 'the default socket', null)
}

/** Reads `unix://`, `npipe://`, `tcp://`, `http(s)://` and bare `host:port`. */
export function parseHost(text: string, origin: string, tls: Endpoint['tls']): Endpoint {
  const none = { where: text, origin, socketPath: null, host: null, port: null, tls: null }
  for (const scheme of ['unix://', 'npipe://']) {
    if (text.startsWith(scheme)) return { ...none, socketPath: text.slice(scheme.length) || '/var/run/docker.sock' }
  }
  if (text.startsWith('ssh://')) {
    throw fail('ENGINE_ELSEWHERE', `${origin} names an engine on another machine (${text}): it does not see this machine's files`, {
      next: 'Use an engine of this machine: `docker context use default`, or unset DOCKER_HOST.',
    })
  }
  const url = URL.parse(text.includes('://') ? text.replace(/^tcp:/, 'http:') : `http://${text}`)
  if (!url || !url.hostname || !/^https?:$/.test(url.protocol)) {
    throw fail('BAD_CONFIG', `${origin} is not an engine's address: ${text}`, {
      next: 'Set it like unix:///var/run/docker.sock or tcp://127.0.0.1:2375, or unset it.',
    })
  }
  const secure = tls !== null || url.protocol === 'https:'
  return {
    ...none,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port ? Number(url.port) : secure ? 2376 : 2375,
    tls: secure ? (tls ?? { ca: null, cert: null, key: null }) : null,
  }
}

async function currentContext(path: string): Promise<string | null> {
  const settings = await readJson(path)
  return settings !== null && 'currentContext' in settings && typeof settings.currentContext === 'string' ? settings.currentContext : null
}

async function ofContext(name: string, directory: string): Promise<Endpoint> {
  const key = createHash('sha256').update(name).digest('hex')
  const meta = await readJson(join(directory, 'meta', key, 'meta.json'))
  const host = hostOf(meta)
  if (host === null) {
    throw fail('ENGINE_MISSING', `The docker context “${name}” is selected, but it is not there`, {
      next: 'Choose one that `docker context ls` shows: `docker context use default`.',
    })
  }
  return parseHost(host, `docker context “${name}”`, await certificates(join(directory, 'tls', key, 'docker')))
}

function hostOf(meta: object | null): string | null {
  const host = (meta as { Endpoints?: { docker?: { Host?: unknown } } } | null)?.Endpoints?.docker?.Host
  return typeof host === 'string' && host !== '' ? host : null
}

async function certificates(directory: string): Promise<Endpoint['tls']> {
  const [ca, cert, key] = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map((file) => readOrNull(join(directory, file))))
  return ca || cert || key ? { ca: ca ?? null, cert: cert ?? null, key: key ?? null } : null
}

async function readJson(path: string): Promise<object | null> {
  const bytes = await readOrNull(path)
  if (bytes === null) return null
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return value !== null && typeof value === 'object' ? value : null
  } catch (cause) {
    throw fail('BAD_CONFIG', `${path} is not JSON, so Berth cannot tell which container engine is meant`, {
      next: 'Repair the file, or set DOCKER_HOST.',
      cause,
    })
  }
}

async function readOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errno(error))) return null
    throw fail('BAD_CONFIG', `${path} cannot be read, so Berth cannot tell which container engine is meant`, {
      next: 'Make the file readable, or set DOCKER_HOST.',
      cause: error,
    })
  }
}
