import type { Config } from '../../../shared/config.ts'
import { fail } from '../../../shared/errors.ts'
import type { Endpoint } from '../../../shared/wire/endpoint.ts'
import type { Backend } from '../../backends/backend.ts'
import type { Clock } from '../../base/clock.ts'
import type { Events } from '../../house/events/events.ts'
import type { Log } from '../../base/log.ts'
import type { Provider } from '../../core/provider-api.ts'
import type { Dispatch } from '../../calls/rpc/dispatch.ts'
import type { TopicHandlers } from '../../base/topic-handlers.ts'
import { createSubscribe, type Served, serveFrames, type Subscribe } from './frame-server.ts'
import type { CallRecords } from '../../calls/live/call-records.ts'
import { eventTopic } from '../../calls/live/event-topic.ts'
import { gaugeTopic, statsTopic } from '../../calls/live/measured-topics.ts'
import type { HouseFacts } from '../../calls/live/house-facts.ts'
import { liveState } from '../../calls/live/live-state.ts'
import { logTopic } from '../../calls/live/log-topic.ts'
import type { Sources } from '../../calls/live/sources.ts'
import { frameClient } from '../../../shared/wire/frame-client.ts'
import type { CallContext } from '../../calls/rpc/handlers.ts'
import type { ClientFrame, FramePort, ServerFrame } from '../../../shared/wire/frame.ts'

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
  /** The engine as a whole; whoever made it closes it. */
  facts: Pick<HouseFacts, 'now' | 'onChange'>
  sources: Sources
  calls: CallRecords
  terminal: TopicHandlers['terminal']
  log: Log
}): Live {
  const { clock, events, provider, backend, sources, facts, log } = deps
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
    },
  }
}

/** The engine of this very process as an endpoint, for a shell that hosts it; `served` ends it from the engine's side. */
function processEndpoint(deps: { dispatch: Dispatch; subscribe: Subscribe; caller: Omit<CallContext<unknown>, 'signal' | 'emit'>; onClosed: () => void }): {
  endpoint: Endpoint
  served: Served
} {
  const { client, server } = memoryPipe()
  const served = serveFrames(server, deps)
  return { endpoint: frameClient(client, () => undefined), served }
}

/** Both ends of a pipe within this process. Frames arrive in a later turn, in order, as over any other pipe. */
function memoryPipe(): { client: FramePort<ClientFrame, ServerFrame>; server: FramePort<ServerFrame, ClientFrame> } {
  const toServer = half<ClientFrame>()
  const toClient = half<ServerFrame>()
  const close = (reason: string) => {
    toServer.close(reason)
    toClient.close(reason)
  }
  return {
    client: { send: toServer.send, listen: toClient.listen, close: () => close('the client closed it') },
    server: { send: toClient.send, listen: toServer.listen, close: () => close('the engine closed it') },
  }
}

function half<Frame>() {
  let listener: { frame(frame: Frame): void; closed(reason: string): void } | null = null
  let waiting: Frame[] = []
  let ending: string | null = null
  let over = false
  let asked = false

  function deliver(): void {
    asked = false
    const now = waiting
    waiting = []
    for (const frame of now) listener?.frame(frame)
    if (ending === null || over || waiting.length > 0) return
    over = true
    listener?.closed(ending)
  }

  function ask(): void {
    if (asked || !listener) return
    asked = true
    setImmediate(deliver)
  }

  return {
    send(frame: Frame) {
      if (ending !== null) return
      waiting.push(frame)
      ask()
    },
    listen(to: { frame(frame: Frame): void; closed(reason: string): void }) {
      listener = to
      ask()
    },
    close(reason: string) {
      ending ??= reason
      ask()
    },
  }
}
