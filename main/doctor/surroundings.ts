import { homedir } from 'node:os'
import { config as schema, type Config } from '../../shared/config.ts'
import { asBerthError, type BerthError } from '../../shared/errors.ts'
import { type IsolationProbe, probeIsolation } from '../backends/embedded/isolation.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { loadConfig, type LoadedConfig } from '../house/config/load-config.ts'
import { resources, type Resources } from '../base/resources.ts'
import { type EngineSight, lookAtEngine } from './engine-sight.ts'
import { type HomeSight, lookAtHome } from './home-sight.ts'
import { type Host, readHost } from './machine.ts'

export interface DoctorOptions {
  readonly homeDir: string
  readonly configFile?: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly clock?: Clock | undefined
  /** Longest that one check may measure, ms. */
  readonly patience?: number | undefined
}

/** All checks run at once, so this is about how long the whole takes at worst. */
const usualPatience = 5_000

/** What several checks look at, each measured once and when first asked for. None of these rejects. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly patience: number
  readonly resources: Resources
  readonly host: () => Promise<Host>
  readonly home: () => Promise<HomeSight>
  readonly config: () => Promise<ConfigSight>
  readonly engine: () => Promise<EngineSight>
  readonly isolation: () => Promise<IsolationProbe>
  close(): Promise<void>
}

/** `config` is the default one where the file is not usable. */
export type ConfigSight =
  | { readonly config: Config; readonly loaded: LoadedConfig; readonly error: null }
  | { readonly config: Config; readonly loaded: null; readonly error: BerthError }

export function surroundings({ homeDir, configFile, env, clock = systemClock(), patience = usualPatience }: DoctorOptions): Surroundings {
  const files = resources(env)
  let engine: Promise<EngineSight> | null = null
  return {
    env,
    clock,
    patience,
    resources: files,
    host: once(() => readHost(env)),
    home: once(() => lookAtHome(homeDir)),
    config: once(() => readConfiguration({ file: configFile, env, home: homeDir })),
    engine: () => (engine ??= lookAtEngine({ env, userHome: homedir(), clock })),
    isolation: once(() => tryIsolation(env, files)),
    async close() {
      const sight = await engine
      if (sight?.answers) sight.engine.close()
    },
  }
}

async function readConfiguration(from: Parameters<typeof loadConfig>[0]): Promise<ConfigSight> {
  try {
    const loaded = await loadConfig(from)
    return { config: loaded.config, loaded, error: null }
  } catch (thrown) {
    return { config: schema.parse({}), loaded: null, error: asBerthError(thrown) }
  }
}

async function tryIsolation(env: NodeJS.ProcessEnv, files: Resources): Promise<IsolationProbe> {
  try {
    return await probeIsolation({ env, node: files.nodeBinary, server: files.serverFile })
  } catch (thrown) {
    const error = asBerthError(thrown)
    return { works: false, reason: error.message.replace(/\.$/, ''), fix: [error.next], output: '' }
  }
}

/** Measures when first asked, and then keeps what it found: several checks look at the same thing. */
function once<T>(measure: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | null = null
  return () => (kept ??= measure())
}
