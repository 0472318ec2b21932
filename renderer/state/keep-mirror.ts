import type { Endpoint } from '../../shared/wire/endpoint.ts'
import { mirror, type HouseStore } from './house-store.ts'
import type { Connector } from '../transport/endpoints.ts'

/** After a subscription that ended by itself on a connection that holds. */
const againMs = 1000

/**
 * The mirror's life: it runs while the engine is there and the page is in sight. Another engine drops what was shown; a connection
 * that broke does not, so that the last state stays in view, marked as such.
 */
export function keepMirror(connector: Connector, store: HouseStore, page: Document): () => void {
  let running: { endpoint: Endpoint; close: () => void } | null = null
  let instance: string | null = null
  let again: ReturnType<typeof setTimeout> | undefined

  function settle(): void {
    const connection = connector.current()
    if (connection.state === 'open' && connection.instance !== instance) {
      if (instance !== null) store.setState({ state: null, at: 0 })
      instance = connection.instance
    }
    const wanted = connection.state === 'open' && page.visibilityState === 'visible' ? connection.endpoint : null
    if (running?.endpoint === wanted || (running === null && wanted === null)) return
    running?.close()
    running = null
    clearTimeout(again)
    if (wanted === null) return
    const close = mirror(
      wanted,
      store,
      () => performance.now(),
      () => {
        running = null
        again = setTimeout(settle, againMs)
      },
    )
    running = { endpoint: wanted, close }
  }

  const unwatch = connector.onChange(settle)
  page.addEventListener('visibilitychange', settle)
  settle()
  return () => {
    clearTimeout(again)
    unwatch()
    page.removeEventListener('visibilitychange', settle)
    running?.close()
  }
}
