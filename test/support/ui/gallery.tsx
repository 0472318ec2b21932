/**
 * The renderer over an engine in memory: what shoot.ts and the tests of the screens load instead of renderer/main.tsx. The address
 * says what: `?fixture=house` (names in fixture-states.ts), `?connection=open|connecting|locked|lost|mismatch`, `?kind=electron|browser`,
 * then the route as `#/sandboxes`. `window.fixture` is the engine: `fixture.push([{ op: 'sandbox_gone', id: '3fa2b9d1' }])`.
 */
import { fixtureCalls, fixtureTopics } from './fixture-calls.ts'
import { fixtureEndpoint, type Fixture } from './fixture-endpoint.ts'
import { fixtureStates } from './fixture-states.ts'
import { startApp } from '../../../renderer/start.tsx'
import type { Connection, Connector } from '../../../renderer/transport/endpoints.ts'
import type { Native } from '../../../renderer/transport/native.ts'

declare global {
  interface Window {
    fixture: Fixture & { connect(connection: Connection): void; open(): void; copied: string[]; did: string[] }
  }
}

const asked = new URLSearchParams(location.search)
const state = fixtureStates[asked.get('fixture') ?? 'house']
if (!state) throw new Error(`no fixture ${asked.get('fixture')}: there are ${Object.keys(fixtureStates).join(', ')}`)
const fixture = fixtureEndpoint(state, fixtureCalls, fixtureTopics)
const listeners = new Set<(now: Connection) => void>()
const copied: string[] = []
const did: string[] = []
const open: Connection = { state: 'open', endpoint: fixture.endpoint, instance: state.house.instance, session: Object.keys(state.sessions)[0] ?? null }
const lost: Connection = { state: 'lost', reason: 'the connection broke', since: 0 }
let connection: Connection = connectionOf(asked.get('connection') ?? 'open')

const connector: Connector = {
  current: () => connection,
  onChange(listener) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  retry: () => void did.push('retry'),
  close: () => undefined,
}

const native: Native = {
  kind: asked.get('kind') === 'electron' ? 'electron' : 'browser',
  reveal: async (path) => {
    did.push(`reveal ${path}`)
    return false
  },
  openDirectory: async () => false,
  copy: async (text) => void copied.push(text),
  copyToken: async () => void copied.push('(token)'),
  copyAddress: async (sandbox, where) => void copied.push(`(${where} ${sandbox})`),
  openLink: async (url) => void did.push(`open ${url}`),
  download: async ({ path }) => {
    did.push(`download ${path}`)
    return true
  },
  upload: async ({ directory }, files, onProgress) => {
    onProgress(1, 1)
    return (files ?? []).map((file) => `${directory}/${file.name}`)
  },
  saveText: async (name) => {
    did.push(`save ${name}`)
    return true
  },
  setTheme: (theme) => void did.push(`theme ${theme}`),
  onCommand: () => () => undefined,
  shell: null,
}

window.fixture = {
  ...fixture,
  connect(next) {
    connection = next
    for (const listener of listeners) listener(next)
  },
  open: () => window.fixture.connect(open),
  copied,
  did,
}

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
startApp({ root, connector, native, login: async (code) => void did.push(`login ${code}`) })
// A connection that is lost was there before: its last state stays in view.
if (asked.get('connection') === 'lost') setTimeout(() => window.fixture.connect(lost), 50)

function connectionOf(name: string): Connection {
  if (name === 'connecting') return { state: 'connecting' }
  if (name === 'locked') return { state: 'locked', problem: asked.get('problem') }
  if (name === 'mismatch') return { state: 'mismatch', page: '0.1.0', engine: '0.2.0' }
  if (name === 'never') return lost
  return open
}
