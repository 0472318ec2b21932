import { createRoot } from 'react-dom/client'
import { App } from './frame/app.tsx'
import { keepMirror } from './state/keep-mirror.ts'
import { ticker } from './state/ticker.ts'
import { houseStore } from './state/house-store.ts'
import type { Connector } from './transport/endpoints.ts'
import type { Native } from './transport/native.ts'
import './styles/main.css'

export interface StartOptions {
  readonly root: HTMLElement
  readonly connector: Connector
  readonly native: Native
  /** Trades a login code for a session, and connects. Without: nobody logs in here. */
  readonly login?: ((code: string) => Promise<void>) | undefined
}

/** Puts the screens into a page. Gives what takes them out of it again. */
export function startApp({ root, connector, native, login = () => Promise.resolve() }: StartOptions): () => void {
  const store = houseStore()
  const clock = ticker(store, document)
  const unmirror = keepMirror(connector, store, document)
  const app = createRoot(root)
  app.render(<App surroundings={{ connector, store, native, ticker: clock }} login={login} />)
  return () => {
    app.unmount()
    unmirror()
    clock.close()
    connector.close()
  }
}
