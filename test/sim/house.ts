import type { Backend } from '../../main/backends/backend.ts'
import type { ProviderDeps } from '../../main/core/deps.ts'
import { makeProvider, type ProviderCore } from '../../main/core/provider.ts'
import { config as schema } from '../../shared/config.ts'
import type { NewEvent } from '../../shared/events.ts'
import { asBerthError, BerthError, fail } from '../../shared/errors.ts'
import type { Seeded } from '../support/seeded.ts'
import { simBackend, type SimBackend } from '../support/sim-backend.ts'
import type { SimProcess } from '../support/sim-clock.ts'
import type { SimWorld } from '../support/sim-engine.ts'
import { idOf, type SimDisk } from '../support/sim-disk.ts'
import { simHome } from '../support/sim-home.ts'
import { simSandbox } from '../support/sim-sandbox.ts'
import type { Settings } from './actions.ts'

export const owner = { installation: 'inst', home: '/home' }
export const keyOf = (nonce: string): string => `key-${nonce}`

/** One life of the engine under test: a process with a provider in it. */
export interface House {
  readonly process: SimProcess
  readonly backend: SimBackend
  readonly provider: ProviderCore
}

/**
 * Plugs the provider into a simulated world. `removing` hears of every removal the moment it is
 * decided, and again if it failed.
 */
export function openHouse(
  world: SimWorld,
  disk: SimDisk,
  random: Seeded,
  options: { settings: Settings; name: string; version: () => number; removing: (ref: string, failed: boolean) => void; heard: (event: NewEvent) => void },
): House {
  const { settings } = options
  const process = world.time.process(options.name)
  const backend = simBackend(world, { owner, process })
  const heard: Backend = {
    ...backend,
    remove: async (ref, grace) => {
      if (process.alive()) options.removing(ref, false)
      try {
        await backend.remove(ref, grace)
      } catch (thrown) {
        options.removing(ref, true)
        throw thrown
      }
    },
  }
  const config = schema.parse({
    image: 'sim-image',
    idle_timeout: settings.idle,
    replicas: settings.replicas,
    capacity: { mode: settings.mode, acquire_timeout: settings.acquireTimeout },
    stop_grace: settings.grace,
    ready_timeout: 8,
    pause_after: settings.pauseAfter,
    spares: settings.spares,
  })
  const deps: ProviderDeps = {
    backend: heard,
    clock: process.clock,
    config: () => config,
    configHash: () => `config-${options.version()}`,
    idOf,
    randomId: () => random.hex(16),
    keyOf,
    openSandbox: (address) => simSandbox(world, process, address),
    ready: (api, limits) => ready(process, api, limits),
    uptime: () => (settings.uptime ? { boot: 'boot', seconds: world.time.uptime() / 1000 } : null),
    publish: (event) => {
      if (!process.alive()) return
      options.heard(event)
      world.trace(`    ${event.type} ${event.sandbox?.slice(0, 6) ?? ''} ${event.who}: ${event.text}`)
    },
    ...simHome(world, disk, process),
  }
  return { process, backend, provider: makeProvider(deps) }
}

async function brief<T>(process: SimProcess, signal: AbortSignal, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController()
  const timer = process.clock.timer(ms, () => late.abort())
  try {
    return await work(AbortSignal.any([signal, late.signal]))
  } finally {
    timer.cancel()
  }
}

/** As the real one: 200, then a command that really ran; 10 ms at first, then ever less often. */
async function ready(
  process: SimProcess,
  api: ReturnType<typeof simSandbox>,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<void> {
  const deadline = process.clock.now() + timeoutMs
  let last: BerthError | null = null
  for (let pause = 10; process.clock.now() < deadline; pause = Math.min(500, pause * 1.5)) {
    try {
      await api.probe(Math.max(1, Math.min(2000, deadline - process.clock.now())))
      await brief(process, signal, deadline - process.clock.now(), (within) => api.exec({ command: 'ready?', maxOutput: 1024, signal: within }))
      return
    } catch (thrown) {
      last = asBerthError(thrown)
      if (last.code === 'SANDBOX_REFUSED') throw last
    }
    if (signal.aborted) break
    await process.wait(pause, { signal })
  }
  if (signal.aborted)
    throw signal.reason instanceof BerthError ? signal.reason : fail('CANCELLED', 'No longer wanted', { next: 'Call again.', cause: signal.reason })
  throw fail('NOT_READY', `Not ready within ${timeoutMs} ms`, { next: 'Look at its log.', cause: last })
}
