import { fail } from '../shared/errors.ts'
import { startApp } from './start.tsx'
import { preloadOf } from './transport/bridge-window.ts'
import { browserNative } from './transport/browser-native.ts'
import { electronNative } from './transport/electron-native.ts'
import { ipcConnector } from './transport/ipc-connector.ts'
import { socketConnector } from './transport/socket-connector.ts'

// Put in by the build: what this page was built against.
declare const __BERTH_CONTRACT__: { readonly version: number; readonly hash: string }
declare const __BERTH_VERSION__: string

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
const berth = preloadOf(window)
if (berth) {
  startApp({ root, connector: ipcConnector(berth), native: electronNative(berth) })
} else {
  const { origin } = location
  const connector = socketConnector({ origin, contract: __BERTH_CONTRACT__, version: __BERTH_VERSION__, storage: localStorage, window })
  const endpoint = () => {
    const connection = connector.current()
    if (connection.state === 'open') return connection.endpoint
    throw fail('NOT_RUNNING', 'The connection to the engine is gone', { next: 'It is tried again by itself.' })
  }
  startApp({ root, connector, native: browserNative({ origin, endpoint, window }), login: connector.login })
}
