import { useSyncExternalStore } from 'react'
import { useSurroundings } from './contexts.ts'

/** Ms since 1970 by the engine's clock. `second`: for countdowns and what runs; `minute`: for ages; `none`: does not tick. */
export function useNow(every: 'second' | 'minute' | 'none' = 'second'): number {
  const { ticker } = useSurroundings()
  return useSyncExternalStore(every === 'none' ? never : ticker.subscribe, every === 'second' ? ticker.second : ticker.minute)
}

function never(): () => void {
  return () => undefined
}
