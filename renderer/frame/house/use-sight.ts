import { useConnection } from './contexts.ts'
import { useHouse } from './use-house.ts'

/**
 * How far what is shown can be trusted, for all who show it: `live`; `blind` where the container engine does not answer, so
 * that no state of a sandbox is known; `lost` where Berth itself does not, so that nothing is.
 */
export type Sight = 'live' | 'blind' | 'lost'

export function useSight(): Sight {
  const connection = useConnection()
  const blind = useHouse(({ house }) => house.backend.kind !== 'none' && !house.backend.reachable)
  return connection.state !== 'open' ? 'lost' : blind ? 'blind' : 'live'
}
