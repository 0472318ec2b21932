import { createContext, use, useState, useSyncExternalStore } from 'react'
import { listeners } from '../../../shared/listeners.ts'
import { useTopic } from '../../state/contexts.ts'
import { type Sample, type Series, withSamples } from './gauges.logic.ts'

/** What cells need of the house. Few and plain, so that rows are not drawn anew for anything else in it. */
export interface ListFacts {
  /** The container engine does not answer: states are how they were. */
  readonly unknown: boolean
}

export const ListFactsContext = createContext<ListFacts>({ unknown: false })

export function useListFacts(): ListFacts {
  return use(ListFactsContext)
}

/** What every sandbox uses, for cells that each look at their own. */
export interface GaugeStore {
  get(id: string): Series | null
  add(samples: readonly Sample[]): void
  clear(): void
  subscribe(listener: () => void): () => void
}

function gaugeStore(): GaugeStore {
  let series: ReadonlyMap<string, Series> = new Map()
  const { tell, on: subscribe } = listeners()
  const set = (next: ReadonlyMap<string, Series>) => {
    series = next
    tell()
  }
  return {
    get: (id) => series.get(id) ?? null,
    add: (samples) => set(withSamples(series, samples)),
    clear: () => set(new Map()),
    subscribe,
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
