import { createContext, use, useState, useSyncExternalStore } from 'react'
import { useTopic } from '../../frame/house/use-topic.ts'
import { withSamples, type Sample, type Series } from './gauges.logic.ts'

/** What every sandbox uses, for cells that each look at their own. */
export interface GaugeStore {
  get(id: string): Series | null
  add(samples: readonly Sample[]): void
  clear(): void
  subscribe(listener: () => void): () => void
}

function gaugeStore(): GaugeStore {
  let series: ReadonlyMap<string, Series> = new Map()
  const listeners = new Set<() => void>()
  const set = (next: ReadonlyMap<string, Series>) => {
    series = next
    for (const listener of listeners) listener()
  }
  return {
    get: (id) => series.get(id) ?? null,
    add: (samples) => set(withSamples(series, samples)),
    clear: () => set(new Map()),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export const GaugesContext = createContext<GaugeStore | null>(null)

/** A store fed while this is shown and the page is in sight: nothing is measured for nobody. */
export function useGauges(): GaugeStore {
  const [store] = useState(gaugeStore)
  useTopic('gauges', {}, { start: store.clear, event: ({ samples }) => store.add(samples) })
  return store
}

/** One sandbox's own; only its cell is drawn anew. */
export function useSeries(id: string): Series | null {
  const store = use(GaugesContext)
  return useSyncExternalStore(store?.subscribe ?? never, () => store?.get(id) ?? null)
}

function never(): () => void {
  return () => undefined
}
