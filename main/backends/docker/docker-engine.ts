import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { inspect } from 'node:util'
import Docker from 'dockerode'
import { onAbort } from '../../../shared/abort.ts'
import type { Clock } from '../../base/clock.ts'
import type { Endpoint } from './connect.ts'
import { cancelled, connectionBroke, type Refusal, refusalOf, refused, tooSlow, unreachable } from './errors.ts'

export interface CallOptions<T> {
  /** The caller's own wish to stop. Leave it out where half a call would leave something behind. */
  readonly signal?: AbortSignal | undefined
  /** What these statuses mean here; other failures become BerthErrors. */
  readonly answers?: Readonly<Record<number, (refusal: Refusal) => T>>
  /** Changes nothing, so it is sent again when a kept connection turned out to be closed. */
  readonly idempotent?: boolean
  /** Gets the result that came after the deadline, when nobody waits for it any more. */
  readonly late?: (result: T) => void
}

/** One container engine, reached over connections of its own: kept, and never through a proxy. */
export interface Engine {
  readonly docker: Docker
  readonly where: string
  /** Runs one request with a deadline in ms. `doing` completes “the engine could not …”. */
  call<T>(doing: string, ms: number, run: (signal: AbortSignal) => Promise<T>, options?: CallOptions<T>): Promise<T>
  close(): void
}

/**
 * docker-modem spells out each request for its debug log, whether anybody reads that or not, to any depth: with the agent every
 * socket, and what waits for one. That was milliseconds a call, the more of them the slower the engine answered.
 */
const unspelled = { [inspect.custom]: () => 'Agent' }

export function openEngine(endpoint: Endpoint, clock: Clock): Engine {
  // Not the global agent: under NODE_USE_ENV_PROXY that one would send the engine's requests to HTTP_PROXY.
  const keep = { keepAlive: true, maxFreeSockets: 16 }
  const agent = Object.assign(endpoint.tls ? new HttpsAgent(keep) : new HttpAgent(keep), unspelled)
  const docker = new Docker({
    // undefined where not meant: docker-modem fills gaps from DOCKER_HOST.
    socketPath: endpoint.socketPath ?? undefined,
    host: endpoint.host ?? undefined,
    port: endpoint.port ?? undefined,
    protocol: endpoint.tls ? 'https' : 'http',
    ca: endpoint.tls?.ca ?? undefined,
    cert: endpoint.tls?.cert ?? undefined,
    key: endpoint.tls?.key ?? undefined,
    agent,
  } as Docker.DockerOptions)
  const where = endpoint.where
  let seen = false

  async function once<T>(doing: string, ms: number, run: (signal: AbortSignal) => Promise<T>, options: CallOptions<T>): Promise<T> {
    if (options.signal?.aborted) throw cancelled(doing)
    const abort = new AbortController()
    const stop = Promise.withResolvers<never>()
    const timer = clock.timer(ms, () => {
      stop.reject(tooSlow(doing, where, ms))
      if (!options.late) abort.abort()
    })
    const unlisten = onAbort(options.signal, () => {
      stop.reject(cancelled(doing))
      abort.abort()
    })
    const running = run(abort.signal)
    let over = false
    running.then(
      (result) => over && options.late?.(result),
      // Whoever waited was already told why; a request given up fails in its own way.
      () => undefined,
    )
    try {
      const result = await Promise.race([running, stop.promise])
      seen = true
      return result
    } finally {
      over = true
      timer.cancel()
      unlisten()
    }
  }

  return {
    docker,
    where,
    async call(doing, ms, run, options = {}) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(doing, ms, run, options)
        } catch (thrown) {
          if (thrown instanceof Error && thrown.name === 'BerthError') throw thrown
          const refusal = refusalOf(thrown)
          if (refusal) {
            seen = true
            const answer = options.answers?.[refusal.status]
            if (answer) return answer(refusal)
            throw refused(doing, refusal)
          }
          if (attempt === 1 && options.idempotent && connectionBroke(thrown)) continue
          throw unreachable(thrown, doing, where, seen)
        }
      }
    },
    close: () => agent.destroy(),
  }
}

/** What kind of engine it is, as far as a sandbox's user and mounts depend on it. */
export interface EngineTraits {
  readonly id: string
  readonly name: string
  readonly version: string
  /** `x86_64`, `aarch64`. */
  readonly arch: string
  /** A Linux engine on this very kernel: its containers' uids are this host's uids. */
  readonly native: boolean
  readonly rootless: boolean
  readonly userns: boolean
}

interface Info {
  ID?: string
  OperatingSystem?: string
  OSType?: string
  Architecture?: string
  ServerVersion?: string
  SecurityOptions?: string[] | null
}

/** dockerode's declarations leave out that these two take a signal as well. */
export interface Answering {
  ping(options: { abortSignal: AbortSignal }): Promise<unknown>
  info(options: { abortSignal: AbortSignal }): Promise<Info>
}

/** Asked once and kept; `forget` after the engine was away, for it may be another one then. */
export interface TraitsReader {
  read(): Promise<EngineTraits>
  forget(): void
}

export function traitsReader(engine: Engine, platform: NodeJS.Platform): TraitsReader {
  let kept: Promise<EngineTraits> | null = null
  return {
    read() {
      if (kept) return kept
      const asked = askTraits(engine, platform)
      kept = asked
      asked.catch(() => {
        if (kept === asked) kept = null
      })
      return asked
    },
    forget() {
      kept = null
    },
  }
}

export async function askTraits(engine: Engine, platform: NodeJS.Platform): Promise<EngineTraits> {
  const info = await engine.call('say what it is', 5_000, (abortSignal) => (engine.docker as unknown as Answering).info({ abortSignal }), {
    idempotent: true,
  })
  const security = (info.SecurityOptions ?? []).join(' ')
  const desktop = /docker desktop/i.test(info.OperatingSystem ?? '')
  return {
    id: info.ID ?? '',
    name: desktop ? 'Docker Desktop' : /podman/i.test(info.ServerVersion ?? '') ? 'Podman' : 'Docker',
    version: info.ServerVersion ?? 'unknown',
    arch: info.Architecture ?? '',
    native: platform === 'linux' && info.OSType !== 'windows' && !desktop,
    rootless: security.includes('name=rootless'),
    userns: security.includes('name=userns'),
  }
}
