import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Config } from '../../shared/config.ts'
import { asBerthError, fail } from '../../shared/errors.ts'
import type { Backend } from '../backends/backend.ts'
import { type DockerBackend, openDocker } from '../backends/docker/docker-backend.ts'
import { liteFiles } from '../backends/docker/image/lite-build.ts'
import { openEmbedded } from '../backends/embedded/embedded.ts'
import { openNone } from '../backends/none/none-backend.ts'
import { openRemote } from '../backends/remote/remote-backend.ts'
import { readBridgeFile } from '../doors/client/bridge-file.ts'
import type { Clock } from '../base/clock.ts'
import type { LoadedConfig } from '../house/config/load-config.ts'
import type { Home } from '../house/home/open-home.ts'
import { writeAtomic } from '../base/write-atomic.ts'
import type { Log } from '../base/log.ts'
import { resources } from '../base/resources.ts'
import { proofOf } from '../calls/rpc/contract-hash.ts'
import { version } from '../base/version.ts'
import type { BackendKind } from '../../shared/sandbox.ts'
import { decoded } from '../backends/remote/provisioner.ts'

/** A container engine that is just starting gets this long to answer before `auto` decides without it. */
const askMs = 5000

export interface OpenedBackend {
  readonly backend: Backend
  readonly choice: Choice
  /** Proves with a container of this image that the engine sees this machine's files; null where it cannot be otherwise. */
  readonly prove: ((image: string, signal: AbortSignal) => Promise<void>) | null
  /** For a person: what of the configuration was not followed, and why. */
  readonly warnings: readonly string[]
}

/** Opens the backend that this engine works with, decided once. */
export async function openBackend(deps: {
  config: LoadedConfig
  home: Home
  env: NodeJS.ProcessEnv
  clock: Clock
  token: string
  /** Whether a text is a token of this very Berth, named ones included. */
  isToken: (text: string) => boolean
  /** Commands that give this machine something to run sandboxes with, best first; asked for only where it has nothing. */
  fixes: () => Promise<readonly string[]>
  log: Log
}): Promise<OpenedBackend> {
  const { home, clock, env, log, token } = deps
  const { overrides } = deps.config
  const { config, warnings } = await withoutSelf(deps.config.config, home, deps.isToken)
  const owner = { installation: home.installation, home: home.path }
  const files = resources(env)
  // Berth itself reaches what is published on loopback, unless it is in a container, or clients are given that very address.
  const elsewhere = overrides.hostBaseDir !== null || config.bridge.sandbox_url === 'direct'
  const reaches = elsewhere ? overrides.sandboxHost : null
  const docker = () =>
    openDocker({
      owner,
      version,
      clock,
      env,
      log,
      files: liteFiles(files),
      ...(reaches === null ? {} : { reach: reaches }),
      ...(overrides.hostBaseDir === null ? {} : { hostHome: overrides.hostBaseDir }),
    })
  // Only `auto` needs to know whether an engine answers; a configured backend is what it is.
  const asks = config.backend === 'auto' && config.provisioner_url === null
  const asked = asks ? await ask(docker, clock) : { backend: null, problem: null }
  const memory = join(home.path, 'backend')
  const usedDocker = await remembers(memory)
  const choice = chooseBackend({ config, engineProblem: asks ? asked.problem : null, usedDocker })
  if (choice.kind === 'remote') {
    const backend = await openRemote({
      owner,
      version,
      clock,
      log,
      url: config.provisioner_url ?? '',
      apiKey: config.provisioner_api_key,
      dir: home.paths.remote,
      isSelf: (nonce, proof) => sameToken(proofOf(token, nonce), proof),
    })
    return { backend, choice, prove: null, warnings }
  }
  if (choice.kind === 'docker') {
    const backend = asked.backend ?? (await docker())
    if (!usedDocker) {
      await writeAtomic(memory, 'docker\n', { mode: 0o600 }).catch((error: unknown) => {
        // No reason not to start: the next start notes it.
        if (asBerthError(error).code !== 'DISK_FULL') throw error
        log('warn', 'It could not be noted that this home uses docker', error)
      })
    }
    return { backend, choice, prove: (image, signal) => backend.seesHostFiles(image, signal), warnings }
  }
  await asked.backend?.close()
  if (choice.kind === 'embedded') {
    const embedded = () =>
      openEmbedded({
        owner,
        version,
        clock,
        env,
        isolation: config.embedded.isolation,
        node: files.nodeBinary,
        server: files.serverFile,
        runDir: join(home.path, 'embedded'),
      })
    try {
      return { backend: await embedded(), choice, prove: null, warnings }
    } catch (error) {
      const problem = asBerthError(error)
      // What was asked for in so many words fails; what Berth chose for itself is looked for again.
      if (choice.chosen === 'config' || problem.code !== 'ISOLATION_MISSING') throw error
      const fixes = await deps.fixes()
      const why = `Nothing here can run a sandbox. ${sentence(asked.problem ?? 'No container engine answers')} ${sentence(problem.message)}`
      const next = fixes.length > 0 ? `Run: ${fixes.join('   or: ')}   Berth goes on by itself once it works.` : problem.next
      return {
        backend: openNone(fail('ISOLATION_MISSING', why, { next, cause: error })),
        choice: { ...choice, kind: 'none', reason: why },
        prove: null,
        warnings,
      }
    }
  }
  // Whatever kind there is has been opened above, or is one of these.
  const unopened: 'apple' | 'none' = choice.kind
  throw fail('NOT_SUPPORTED', `The backend ${unopened} is not part of this version`, {
    next: 'Set backend to docker, embedded, remote or auto.',
  })
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

/** The configuration without a provisioner that is this very Berth. Throws BAD_CONFIG where it was asked for in so many words. */
async function withoutSelf(config: Config, home: Home, isToken: (text: string) => boolean): Promise<{ config: Config; warnings: string[] }> {
  const keptPort = (await readBridgeFile(home.paths.bridge)).value?.port ?? null
  const self = leadsBack(config, { isToken, keptPort })
  if (config.backend === 'remote' && (self || config.provisioner_url === null)) {
    throw fail(
      'BAD_CONFIG',
      self ? 'sandbox.provisioner_url is this very Berth, which cannot be its own provisioner' : '`backend: remote` needs a provisioner',
      {
        next: 'Set sandbox.provisioner_url to the address of a deer-flow provisioner or of another Berth’s bridge, or take `backend: remote` out.',
        details: { key: 'provisioner_url' },
      },
    )
  }
  if (!self) return { config, warnings: [] }
  return {
    config: { ...config, provisioner_url: null },
    warnings: ['sandbox.provisioner_url is this very Berth: it is left alone, as deer-flow’s own setting, and the backend is chosen without it'],
  }
}

async function ask(docker: () => Promise<DockerBackend>, clock: Clock): Promise<{ backend: DockerBackend | null; problem: string | null }> {
  let backend: DockerBackend | null = null
  try {
    backend = await docker()
    const late = new AbortController()
    await Promise.race([
      backend.facts(),
      clock.sleep(askMs, late.signal).then(() => {
        throw fail('ENGINE_UNREACHABLE', `it did not answer within ${askMs / 1000} s`, { next: 'Restart it.' })
      }),
    ]).finally(() => late.abort())
    return { backend, problem: null }
  } catch (error) {
    return { backend, problem: asBerthError(error).message }
  }
}

/** Whether this home has worked with a container engine before. */
async function remembers(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '') // no file: it has not
  return text.trim() === 'docker'
}

export interface Choice {
  readonly kind: BackendKind
  readonly chosen: 'config' | 'auto' | 'remembered'
  /** For a person: why this one, and what it means. */
  readonly reason: string
}

/**
 * Which backend this engine works with, decided once at its start. A home that has used docker stays with it: there
 * an engine that is gone is an outage, never a reason for weaker isolation or a second sandbox on the same files.
 */
function chooseBackend(view: {
  readonly config: Pick<Config, 'backend' | 'provisioner_url' | 'embedded'>
  /** Why no container engine answers, or null: one does. */
  readonly engineProblem: string | null
  readonly usedDocker: boolean
}): Choice {
  const { config, engineProblem, usedDocker } = view
  if (config.backend !== 'auto') return { kind: config.backend, chosen: 'config', reason: `backend: ${config.backend} is set in the configuration.` }
  if (config.provisioner_url !== null) {
    return { kind: 'remote', chosen: 'config', reason: 'sandbox.provisioner_url is set in the configuration.' }
  }
  if (engineProblem === null) return { kind: 'docker', chosen: 'auto', reason: 'A container engine answers.' }
  if (usedDocker) {
    return {
      kind: 'docker',
      chosen: 'remembered',
      reason: `This home has used a container engine before, so Berth waits for it to come back: ${engineProblem}`,
    }
  }
  const isolated =
    config.embedded.isolation === 'none'
      ? 'Commands run with your own rights: nothing is isolated.'
      : 'Sandboxes are separated by bubblewrap: they share the network and the kernel with this machine, and have no limits of memory or CPU.'
  return {
    kind: 'embedded',
    chosen: 'auto',
    reason: `No container engine answers (${engineProblem}). ${isolated} They end with Berth; files stay. Install and start Docker for containers: Berth then offers to switch, and takes them at its next start.`,
  }
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * Whether `provisioner_url` is this very Berth: deer-flow's configuration names Berth as its provisioner, and Berth may read
 * the same file. Nobody is asked, as this engine does not listen yet: whoever brings a token of ours means us, and so does
 * whoever names the port that is ours.
 */
export function leadsBack(
  config: Pick<Config, 'provisioner_url' | 'provisioner_api_key'> & { readonly bridge: Pick<Config['bridge'], 'port'> },
  self: { readonly isToken: (text: string) => boolean; readonly keptPort: number | null },
): boolean {
  const url = URL.parse(config.provisioner_url ?? '')
  if (url === null) return false
  const keys = [config.provisioner_api_key ?? '', decoded(url.password), decoded(url.username)]
  if (keys.some((key) => key !== '' && self.isToken(key))) return true
  const port = config.bridge.port ?? self.keptPort
  return port !== null && loopback.has(url.hostname) && (url.port || (url.protocol === 'https:' ? '443' : '80')) === String(port)
}

/** Equal, in a time that tells nothing of where they differ. */
function sameToken(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
