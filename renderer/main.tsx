import { fail } from '../shared/errors.ts'
import { startApp } from './start.tsx'
import { browserNative } from './transport/browser-native.ts'
import { electronNative } from './transport/electron-native.ts'
import { type PortEnd, portConnector } from './transport/port-connector.ts'
import { socketConnector } from './transport/socket-connector.ts'
import { pipeMessage, type PreloadApi } from '../shared/wire/preload-api.ts'

// Put in by the build: what this page was built against.
declare const __BERTH_CONTRACT__: { readonly version: number; readonly hash: string }
declare const __BERTH_VERSION__: string

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
const berth = preloadOf(window)
if (berth) {
  startApp({ root, connector: portConnector(berth, portsOf(window)), native: electronNative(berth) })
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

/** What the preload put into the page; null: this is a browser. */
function preloadOf(window: Window): PreloadApi | null {
  return (window as Window & { readonly berth?: PreloadApi }).berth ?? null
}

/** The ports that the preload passes on: it and this page are one window, and no other one may send any. */
function portsOf(window: Window) {
  return (listener: (port: PortEnd) => void): (() => void) => {
    const heard = ({ source, data, ports: [port] }: MessageEvent<unknown>) => {
      if (source !== window || data !== pipeMessage || !port) return
      listener({
        send: (frame) => port.postMessage(frame),
        listen(frames) {
          port.onmessage = (event: MessageEvent<unknown>) => frames(event.data)
        },
        close: () => port.close(),
      })
    }
    window.addEventListener('message', heard)
    return () => window.removeEventListener('message', heard)
  }
}
