import { createContext, use } from 'react'
import type { Endpoint } from '../../../shared/wire/endpoint.ts'
import type { HouseStore } from '../../store/house-store.ts'
import type { Connection, Connector } from '../../transport/endpoints.ts'
import type { Native } from '../../transport/native.ts'
import type { Ticker } from './ticker.ts'

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
