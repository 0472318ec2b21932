import type { Config } from '../../shared/config.ts'
import { fail } from '../../shared/errors.ts'
import type { House } from '../../shared/state.ts'
import type { Endpoint } from '../../shared/wire/endpoint.ts'
import type { Backend } from '../backends/backend.ts'
import type { Clock } from '../clock.ts'
import type { Events } from '../events/events.ts'
import type { Log } from '../log.ts'
import type { Provider } from '../provider/provider-api.ts'
import type { Dispatch } from '../rpc/dispatch.ts'
import type { TopicHandlers } from '../rpc/topic-handlers.ts'
import type { Served } from '../wire/frame-server.ts'
import { processEndpoint } from '../wire/process-endpoint.ts'
import { createSubscribe, type Subscribe } from '../wire/subscribe.ts'
import type { CallRecords } from './call-records.ts'
import { eventTopic } from './event-topic.ts'
import { gaugeTopic } from './gauge-topic.ts'
import { houseFacts } from './house-facts.ts'
import { liveState } from './live-state.ts'
import { logTopic } from './log-topic.ts'
import type { Sources } from './sources.ts'
import { statsTopic } from './stats-topic.ts'

export interface Live {
  readonly subscribe: Subscribe
  /** The engine, for whoever is in this process. */
  endpoint(dispatch: Dispatch, who: string): Endpoint
  close(): void
}

/** Everything that screens see as it happens: the topics over the engine's parts. */
export function openLive(deps: {
  clock: Clock
  events: Events
  provider: Provider
  backend: Backend
  config: () => Config
  configFile: () => House['config']
  warnings: () => readonly string[]
  shuttingDown: () => boolean
  fixed: Pick<House, 'version' | 'instance' | 'pid' | 'started_at' | 'home' | 'token_file' | 'command' | 'home_option' | 'platform'>
  addresses: () => Pick<House, 'url' | 'sandbox_port'>
  sources: Sources
  calls: CallRecords
  terminal: TopicHandlers['terminal']
  log: Log
}): Live {
  const { clock, events, provider, backend, sources, log } = deps
  const facts = houseFacts({ ...deps, tally: provider.tally, next: provider.next })
  const state = liveState({ clock, provider, house: facts.now, houseChanges: facts.onChange, sources })
  const open = new Set<Served>()
  let told = ''
  /** The same failure every second is one. */
  const problem = (error: unknown) => {
    const text = error instanceof Error ? error.message : String(error)
    if (text !== told) log('warn', 'A sandbox could not be measured', error)
    told = text
  }
  const cpus = () => deps.config().resources.cpus
  const subscribe = createSubscribe({
    log,
    handlers: {
      state: state.topic,
      events: eventTopic({ clock, events }),
      calls: deps.calls.topic,
      gauges: gaugeTopic({ clock, backend, list: provider.list, cpus, problem }),
      logs: logTopic({ clock, logs: provider.logs }),
      stats: statsTopic({ clock, backend, peek: provider.peek, cpus, problem }),
      terminal: deps.terminal,
    },
  })
  return {
    subscribe,
    endpoint(dispatch, who) {
      const caller = { scope: 'operator', client: who, bounds: null, who, transport: 'ipc' } as const
      const { endpoint, served } = processEndpoint({ dispatch, subscribe, caller, onClosed: () => void open.delete(served) })
      open.add(served)
      return endpoint
    },
    close() {
      for (const served of [...open]) served.close(fail('SHUTTING_DOWN', 'Berth is shutting down', { next: 'Start it again: `berth serve`.' }))
      state.close()
      facts.close()
    },
  }
}
