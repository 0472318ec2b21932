import { connect, type IpcNetConnectOpts, type TcpNetConnectOpts } from 'node:net'
import { asBerthError, type BerthError } from '../../shared/errors.ts'
import { type Endpoint, findEndpoint } from '../backends/docker/connect.ts'
import { askTraits, type Engine, type EngineTraits, openEngine } from '../backends/docker/docker-engine.ts'
import type { Clock } from '../base/clock.ts'
import { errno } from '../base/write-atomic.ts'
import { look } from './home-sight.ts'

/** Why no engine answers: nothing there, nobody listens, not for this user, the settings are wrong, connected but mute. */
export type Trouble = 'absent' | 'refused' | 'denied' | 'settings' | 'unknown-host' | 'mute'

export type EngineSight =
  | {
      readonly answers: true
      readonly endpoint: Endpoint
      readonly engine: Engine
      readonly traits: EngineTraits
      /** From asked to answered, on a new connection. */
      readonly ms: number
      /** Where the engine keeps images and containers, by its own word. */
      readonly root: string | null
      /** How far the engine's clock is ahead of this machine's, ms; null where it does not say. */
      readonly aheadMs: number | null
    }
  | {
      readonly answers: false
      /** null: the settings name none. */
      readonly endpoint: Endpoint | null
      readonly trouble: Trouble
      readonly error: BerthError
      /** An engine that listens at the usual place, where the settings name another. */
      readonly usual: string | null
      /** Group of the engine's socket file; null where there is none. */
      readonly socketGid: number | null
    }

type Env = Readonly<Record<string, string | undefined>>

/** Longest wait for a connection, ms: on one machine it is there at once or never. */
const patience = 1_500
/** Longest wait for the answer to a ping. */
const pingPatience = 2_500

export async function lookAtEngine(at: { env: Env; userHome: string; clock: Clock }): Promise<EngineSight> {
  const { clock } = at
  let endpoint: Endpoint
  try {
    endpoint = await findEndpoint({ ...at, platform: process.platform })
  } catch (thrown) {
    return { answers: false, endpoint: null, trouble: 'settings', error: asBerthError(thrown), usual: await usualPlace(at, null), socketGid: null }
  }
  const code = await reach(endpoint)
  const engine = openEngine(endpoint, clock)
  const telling = engine.docker as unknown as Telling
  try {
    const asked = clock.now()
    await engine.call('ping it', pingPatience, (abortSignal) => telling.ping({ abortSignal }))
    const ms = clock.now() - asked
    const [traits, info] = await Promise.all([
      askTraits(engine, process.platform),
      engine.call('say what it is', pingPatience, (abortSignal) => telling.info({ abortSignal })),
    ])
    const time = Date.parse(info.SystemTime ?? '')
    const aheadMs = Number.isNaN(time) ? null : time - clock.wall()
    return { answers: true, endpoint, engine, traits, ms, root: info.DockerRootDir ?? null, aheadMs }
  } catch (thrown) {
    engine.close()
    const [usual, socket] = await Promise.all([usualPlace(at, endpoint), look(endpoint.socketPath ?? '')])
    return { answers: false, endpoint, trouble: troubleOf(code), error: asBerthError(thrown), usual, socketGid: socket.facts?.gid ?? null }
  }
}

interface Telling {
  ping(options: { abortSignal: AbortSignal }): Promise<unknown>
  info(options: { abortSignal: AbortSignal }): Promise<{ DockerRootDir?: string; SystemTime?: string }>
}

export function troubleOf(code: string): Trouble {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent'
  if (code === 'EACCES' || code === 'EPERM') return 'denied'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown-host'
  return code === '' ? 'mute' : 'refused'
}

/** errno of a connection to it; '' when it was accepted. */
function reach(endpoint: Endpoint): Promise<string> {
  const to: IpcNetConnectOpts | TcpNetConnectOpts =
    endpoint.socketPath === null ? { host: endpoint.host ?? '127.0.0.1', port: endpoint.port ?? 2375 } : { path: endpoint.socketPath }
  return new Promise((resolve) => {
    const socket = connect(to)
    const end = (code: string) => {
      socket.destroy()
      resolve(code)
    }
    socket.setTimeout(patience, () => end('ETIMEDOUT'))
    socket.once('connect', () => end(''))
    socket.once('error', (error) => end(errno(error) || 'ECONNREFUSED'))
  })
}

/** Where an engine would be found if nothing were set, if one listens there. */
async function usualPlace(at: { env: Env; userHome: string }, tried: Endpoint | null): Promise<string | null> {
  const env = { XDG_RUNTIME_DIR: at.env['XDG_RUNTIME_DIR'], DOCKER_CONTEXT: 'default' }
  const usual = await findEndpoint({ env, userHome: at.userHome, platform: process.platform })
  if (usual.where === tried?.where) return null
  return (await reach(usual)) === '' ? usual.where : null
}
