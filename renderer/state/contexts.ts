import { createContext, use, useEffect, useEffectEvent, useMemo, useRef, useSyncExternalStore } from 'react'
import { useStore } from 'zustand'
import { useShallow } from 'zustand/react/shallow'
import type { Endpoint } from '../../shared/wire/endpoint.ts'
import type { HouseStore } from './house-store.ts'
import type { Connection, Connector } from '../transport/endpoints.ts'
import type { Native } from '../transport/native.ts'
import type { Ticker } from './ticker.ts'
import { actorOf } from '../words/who.ts'
import type { HouseState } from '../../shared/state.ts'
import type { ErrorData } from '../../shared/errors.ts'
import type { TopicEvent, TopicName, TopicParams } from '../../shared/topics.ts'
import { backendKinds } from '../../shared/backends.ts'

/** What `startApp` was given and made: one each a page, handed down instead of kept in modules. */
export interface Surroundings {
  readonly connector: Connector
  readonly store: HouseStore
  readonly native: Native
  readonly ticker: Ticker
}

export const SurroundingsContext = createContext<Surroundings | null>(null)
export const EndpointContext = createContext<Endpoint | null>(null)
export const ConnectionContext = createContext<Connection>({ state: 'connecting' })

export function useSurroundings(): Surroundings {
  const found = use(SurroundingsContext)
  if (found === null) throw new Error('used outside of the app')
  return found
}

/** How the page stands with its engine. */
export function useConnection(): Connection {
  return use(ConnectionContext)
}

/**
 * The engine. A new one after every reconnect, so that an effect which names it subscribes again; while the connection is lost it is
 * the last one, whose calls fail with NOT_RUNNING.
 */
export function useEndpoint(): Endpoint {
  const found = use(EndpointContext)
  if (found === null) throw new Error('a screen is shown only with an engine')
  return found
}

/** What the system around the page can do. */
export function useNative(): Native {
  return useSurroundings().native
}

/** Says who did something, conversations by the names of their holds. */
export function useActors(): (who: string) => ReturnType<typeof actorOf> {
  const named = useHouse(({ sandboxes }) =>
    JSON.stringify(Object.values(sandboxes).flatMap(({ holders }) => holders.flatMap(({ holder, name }) => (name === undefined ? [] : [[holder, name]])))),
  )
  return useMemo(() => {
    const names = new Map(JSON.parse(named) as [string, string][])
    return (who) => actorOf(who, names)
  }, [named])
}

/**
 * A part of the engine's state; the screen is drawn again only when what the selector gives differs, compared one level deep. Give
 * parts of the state, not new objects made of them in depth.
 */
export function useHouse<T>(selector: (state: HouseState) => T): T {
  const { store } = useSurroundings()
  const last = useRef<HouseState>(null)
  return useStore(
    store,
    useShallow(({ state }) => {
      // A screen that is about to be taken away (another engine came) sees the last state once more.
      const current = state ?? last.current
      if (current === null) throw new Error('a screen is shown only with a state')
      last.current = current
      return selector(current)
    }),
  )
}

/** Ms since 1970 by the engine's clock. `second`: for countdowns and what runs; `minute`: for ages; `none`: does not tick. */
export function useNow(every: 'second' | 'minute' | 'none' = 'second'): number {
  const { ticker } = useSurroundings()
  return useSyncExternalStore(every === 'none' ? never : ticker.subscribe, every === 'second' ? ticker.second : ticker.minute)
}

function never(): () => void {
  return () => undefined
}

/**
 * How far what is shown can be trusted, for all who show it: `live`; `blind` where the container engine does not answer, so
 * that no state of a sandbox is known; `lost` where Berth itself does not, so that nothing is.
 */
export type Sight = 'live' | 'blind' | 'lost'

export function useSight(): Sight {
  const connection = useConnection()
  const blind = useHouse(({ house }) => backendKinds[house.backend.kind].provisions && !house.backend.reachable)
  return connection.state !== 'open' ? 'lost' : blind ? 'blind' : 'live'
}

export interface TopicHandlers<T extends TopicName> {
  readonly event: (event: TopicEvent<T>) => void | Promise<void>
  /** It begins, or begins anew: what came before is to be dropped. */
  readonly start?: (() => void) | undefined
  readonly end?: ((error: ErrorData | null) => void) | undefined
}

/** Subscribed while this is shown and the page is in sight; anew after a reconnect. `params` null: not at all. */
export function useTopic<T extends TopicName>(topic: T, params: TopicParams<T> | null, handlers: TopicHandlers<T>): void {
  const endpoint = useEndpoint()
  const visible = useVisible()
  const event = useEffectEvent((value: TopicEvent<T>) => handlers.event(value))
  const start = useEffectEvent(() => handlers.start?.())
  const end = useEffectEvent((error: ErrorData | null) => handlers.end?.(error))
  const key = params === null || !visible ? null : JSON.stringify(params)
  useEffect(() => {
    if (key === null) return
    start()
    const subscription = endpoint.subscribe(topic, JSON.parse(key) as TopicParams<T>, {
      event: (value) => event(value),
      end: (error) => end(error),
    })
    return () => subscription.close()
  }, [endpoint, topic, key])
}

/** Whether the page is in sight: what nobody sees is not subscribed to. */
export function useVisible(): boolean {
  return useSyncExternalStore(watch, () => document.visibilityState === 'visible')
}

function watch(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}
