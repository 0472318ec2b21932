import { createStore, type StoreApi } from 'zustand/vanilla'
import { applyPatch, type HouseState } from '../../shared/state.ts'
import type { Endpoint } from '../../shared/wire/endpoint.ts'

export interface Mirror {
  /** null: nothing has come yet, or another engine has taken over. */
  readonly state: HouseState | null
  /** `performance.now()` at which `state.house.now` was true: ages and countdowns are counted from here. */
  readonly at: number
}

/** The page's one mirror of the engine's state. */
export type HouseStore = StoreApi<Mirror>

export function houseStore(): HouseStore {
  return createStore<Mirror>(() => ({ state: null, at: 0 }))
}

/** Feeds the mirror from one subscription; a gap in the numbers asks for a new snapshot. Gives what ends it. */
export function mirror(endpoint: Endpoint, store: HouseStore, now: () => number, ended: (reason: string) => void): () => void {
  let seq = -1
  let closed = false
  let subscription = open()

  function open() {
    return endpoint.subscribe(
      'state',
      {},
      {
        event(event) {
          if (event.type === 'snapshot') {
            seq = event.seq
            store.setState({ state: event.state, at: now() })
            return
          }
          if (event.seq !== seq + 1) {
            seq = -1
            subscription.close()
            subscription = open()
            return
          }
          seq = event.seq
          store.setState(({ state, at }) => {
            if (!state) return { state, at }
            const next = applyPatch(state, event.ops)
            return { state: next, at: next.house === state.house ? at : now() }
          })
        },
        end(error) {
          if (!closed) ended(error?.message ?? 'the engine ended it')
        },
      },
    )
  }

  return () => {
    closed = true
    subscription.close()
  }
}
