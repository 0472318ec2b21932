import type { Backend } from '../backends/backend.ts'
import { version } from '../base/version.ts'
import type { ProviderCore } from '../core/provider.ts'
import { type ConfigWatch, watchConfig } from '../house/config/watch-config.ts'
import { type Metrics, openMetrics } from '../house/metrics/metrics.ts'
import { asBerthError, type BerthError } from '../../shared/errors.ts'
import type { NewEvent } from '../../shared/events.ts'
import { type BackendWatch, watchBackend } from './backend-watch.ts'
import type { Foundations, HostOptions } from './foundations.ts'
import { type ImageKeeper, keepImage } from './image-keeper.ts'
import { type Choice, openBackend } from './open-backend.ts'
import { provide } from './provide.ts'

/** Who has which sandbox, and what runs them. No door is open yet. */
export interface Pool {
  readonly backend: Backend
  readonly choice: Choice
  readonly provider: ProviderCore
  readonly image: ImageKeeper
  readonly config: ConfigWatch
  readonly metrics: Metrics
  readonly watching: BackendWatch
  /** What a person should know of how this engine runs. */
  readonly warnings: () => readonly string[]
}

/** Asks what answers, and makes nothing: the image and what runs are looked at once the doors are open. What is opened is closed by `stack`. */
export async function openPool(options: HostOptions, { loaded, log, events, tokens }: Foundations, stack: AsyncDisposableStack): Promise<Pool> {
  const { clock, home, token, env } = options
  // Loaded when asked for: most engines never are.
  const outlook = async (asked: { bubblewrap: boolean }) =>
    (await import('../doctor/engine-advice.ts')).engineOutlook({ homeDir: home.path, configFile: options.configFile, env, clock }, asked)
  const opened = await openBackend({
    config: loaded,
    home,
    env,
    clock,
    token,
    log,
    isToken: (text) => tokens.identify(text) !== null,
    fixes: async () => (await outlook({ bubblewrap: true })).fixes.flatMap(({ command }) => (command === null ? [] : [command])),
  })
  const { choice, prove } = opened
  for (const warning of opened.warnings) log('warn', warning)
  const backend = options.decorate ? options.decorate(opened.backend) : opened.backend
  stack.defer(() => backend.close())
  const proof = proveEngine({ prove, publish: events.publish })
  stack.defer(() => proof.close())
  const image = keepImage({ backend, image: () => config.current().config.image, publish: events.publish, ready: proof.check })
  const config = watchConfig(loaded, {
    file: options.configFile,
    env,
    home: home.path,
    clock,
    onChange: () => {
      events.publish({ type: 'config.changed', who: 'berth:config', text: 'The configuration was read again' })
      image.start()
      void provider.refresh().catch((error: unknown) => log('warn', 'The new configuration is in force, but the engine could not be listed', error))
    },
    onError: (error) => events.publish({ type: 'config.bad', who: 'berth:config', text: `The last good configuration stays in force: ${error.message}` }),
  })
  const core = provide({
    backend: image.watched(backend),
    config: () => config.current(),
    home,
    env,
    locks: options.locks,
    clock,
    publish: events.publish,
    problem: proof.problem,
    aroundClaim: options.aroundClaim,
  })
  stack.defer(() => config.close())
  stack.defer(() => image.close())
  const metrics = openMetrics({ clock, version, backend: choice.kind, sandboxes: core.list, waiting: core.waiting, events })
  stack.defer(() => metrics.close())
  events.subscribe(metrics.heard)
  const provider = { ...core, acquire: metrics.timed(core.acquire) }
  const watching = watchBackend({
    choice,
    backend,
    events,
    clock,
    log,
    outlook,
    onFound() {
      log('info', 'There is something to run sandboxes with now: Berth starts again, at the same address')
      options.restart()
    },
  })
  stack.defer(() => watching.close())
  return { backend, choice, provider, image, config, metrics, watching, warnings: () => [...home.warnings, ...opened.warnings, ...config.current().warnings] }
}

/** Whether the engine sees this machine's files: a remote one would mount directories of its own under our paths. */
interface EngineProof {
  /** ENGINE_ELSEWHERE once that is known; null before, and where all is well. */
  problem(): BerthError | null
  /** Once per engine start; anything but a clear no is tried again at the next call. */
  check(image: string): void
  close(): Promise<void>
}

function proveEngine(deps: { prove: ((image: string, signal: AbortSignal) => Promise<void>) | null; publish: (event: NewEvent) => void }): EngineProof {
  const control = new AbortController()
  let problem: BerthError | null = null
  let settled = deps.prove === null
  let running: Promise<void> | null = null

  async function run(prove: NonNullable<typeof deps.prove>, image: string): Promise<void> {
    try {
      await prove(image, control.signal)
      settled = true
    } catch (error) {
      const found = asBerthError(error)
      if (control.signal.aborted) return
      if (found.code === 'ENGINE_ELSEWHERE') {
        settled = true
        problem = found
      }
      deps.publish({ type: 'engine.unproven', who: 'berth:engine', text: found.message, details: { code: found.code, next: found.next } })
    } finally {
      running = null
    }
  }

  return {
    problem: () => problem,
    check(image) {
      if (!settled && deps.prove) running ??= run(deps.prove, image)
    },
    async close() {
      control.abort()
      await running
    },
  }
}
