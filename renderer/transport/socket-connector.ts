import { errorData, fail, fromErrorData } from '../../shared/errors.ts'
import type { CallResult } from '../../shared/contract.ts'
import { listeners } from '../../shared/listeners.ts'
import { type ClientFrame, type FramePort, hello, type ServerFrame } from '../../shared/wire/frame.ts'
import { frameClient } from '../../shared/wire/frame-client.ts'
import type { Connection, Connector } from './endpoints.ts'

export const sessionKey = 'berth.session'

export interface SocketOptions {
  /** The bridge's own origin: `location.origin`. */
  readonly origin: string
  /** What the page was built against; the engine compares. */
  readonly contract: { readonly version: number; readonly hash: string }
  readonly version: string
  readonly storage: Storage
  readonly window: Window
}

export interface SocketConnector extends Connector {
  /** Trades a one-time code for a session key, keeps it, and connects. Throws UNAUTHORIZED. */
  login(code: string): Promise<void>
}

/**
 * The engine over one WebSocket. The session's key goes in the first frame: no cookie, for those go to every port of a host.
 * A connection that breaks is tried again by itself, at once when the network or the page comes back.
 */
export function socketConnector({ origin, contract, version, storage, window }: SocketOptions): SocketConnector {
  const { tell, on: onChange } = listeners<[now: Connection]>()
  let connection: Connection = { state: 'connecting' }
  let socket: WebSocket | null = null
  let attempt = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let lostAt: number | null = null
  let closed = false

  function become(next: Connection): void {
    connection = next
    tell(connection)
  }

  function open(): void {
    clearTimeout(timer)
    if (closed || socket !== null) return
    const key = storage.getItem(sessionKey)
    if (key === null) return become({ state: 'locked', problem: null })
    const mine = new WebSocket(`${origin.replace(/^http/, 'ws')}/berth/v1/socket`)
    socket = mine
    let port: ReturnType<typeof pagePort> | null = null
    mine.addEventListener('open', () => mine.send(JSON.stringify({ k: 'hello', key, contract, app: version } satisfies ClientFrame)))
    mine.addEventListener('message', ({ data }) => {
      if (socket !== mine) return
      const frame: unknown = JSON.parse(String(data))
      if (port) return port.take(frame as ServerFrame)
      const first = hello.safeParse(frame)
      if (!first.success) return mine.close(4000, 'the first frame is no hello')
      port = pagePort(mine)
      attempt = 0
      lostAt = null
      become({ state: 'open', endpoint: frameClient(port, () => undefined), instance: first.data.instance, session: first.data.session })
    })
    mine.addEventListener('close', ({ code, reason }) => {
      if (socket !== mine) return
      socket = null
      port?.shut(reason || 'the connection broke')
      if (!closed) ended(code, reason)
    })
  }

  function ended(code: number, reason: string): void {
    const next = afterClose(code, reason)
    if (next.state === 'locked') {
      storage.removeItem(sessionKey)
      return become({ state: 'locked', problem: next.problem })
    }
    if (next.state === 'mismatch') return become({ state: 'mismatch', page: version, engine: next.engine })
    lostAt ??= performance.now()
    if (connection.state !== 'connecting' || attempt > 0) become({ state: 'lost', reason: next.reason, since: lostAt })
    attempt += 1
    timer = setTimeout(open, retryDelay(attempt, Math.random()))
  }

  function now(): void {
    if (connection.state === 'open' || connection.state === 'mismatch') return
    attempt = Math.min(attempt, 1)
    open()
  }

  const shown = () => {
    if (window.document.visibilityState === 'visible') now()
  }
  // Logged in or out in another tab.
  const stored = (event: StorageEvent) => {
    if (event.key !== sessionKey) return
    if (event.newValue === null) socket?.close(1000, 'logged out')
    now()
  }
  window.addEventListener('online', now)
  window.document.addEventListener('visibilitychange', shown)
  window.addEventListener('storage', stored)

  async function login(code: string): Promise<void> {
    const answer = await post(`${origin}/berth/v1/session_open`, { code })
    storage.setItem(sessionKey, answer.key)
    become({ state: 'connecting' })
    attempt = 0
    open()
  }

  // A link's code is good once: it leaves the address before anything else can see it there.
  const code = /^#login=(.+)$/.exec(window.location.hash)?.[1]
  if (code === undefined) open()
  else {
    window.history.replaceState(null, '', '#/sandboxes')
    login(decodeURIComponent(code)).catch((error: unknown) => {
      // The tab may have a session all the same: a link that is opened twice does no harm.
      if (storage.getItem(sessionKey) !== null) return open()
      become({ state: 'locked', problem: error instanceof Error ? `${error.message}.` : String(error) })
    })
  }

  return {
    current: () => connection,
    onChange,
    retry: now,
    login,
    close() {
      closed = true
      clearTimeout(timer)
      window.removeEventListener('online', now)
      window.document.removeEventListener('visibilitychange', shown)
      window.removeEventListener('storage', stored)
      socket?.close(1000, 'the page closed it')
    },
  }
}

/** The page's end of an open socket. */
function pagePort(socket: WebSocket): FramePort<ClientFrame, ServerFrame> & { take(frame: ServerFrame): void; shut(reason: string): void } {
  let listener: Parameters<FramePort<ClientFrame, ServerFrame>['listen']>[0] | null = null
  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame))
    },
    listen(given) {
      listener = given
    },
    close: () => socket.close(1000, 'the page closed it'),
    take: (frame) => listener?.frame(frame),
    shut: (reason) => listener?.closed(reason),
  }
}

async function post(url: string, body: unknown): Promise<CallResult<'session_open'>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    cache: 'no-store',
    credentials: 'omit',
  }).catch((cause: unknown) => {
    throw fail('NOT_RUNNING', 'The engine does not answer', { next: 'Start it: berth serve', cause })
  })
  const answer: unknown = await response.json()
  if (response.ok) return answer as CallResult<'session_open'>
  const parsed = errorData.safeParse((answer as { error?: unknown }).error)
  throw parsed.success ? fromErrorData(parsed.data) : fail('INTERNAL', `The engine answered ${response.status}`, { next: 'Ask for a new link: berth open' })
}

/** What a page does when its socket was closed. The codes are main/doors/wire/frame-server.ts's. */
export type AfterClose =
  | { readonly state: 'locked'; readonly problem: string }
  | { readonly state: 'mismatch'; readonly engine: string }
  | { readonly state: 'lost'; readonly reason: string }

export function afterClose(code: number, reason: string): AfterClose {
  if (code === 4001) return { state: 'locked', problem: 'This browser was logged out.' }
  // The reason is the engine's version.
  if (code === 4009) return { state: 'mismatch', engine: reason || 'another' }
  if (code === 1001) return { state: 'lost', reason: 'it has shut down' }
  return { state: 'lost', reason: reason || 'it does not answer' }
}

/** Ms before the next try: from a quarter of a second up to 10 s, spread, so that many tabs do not come at once. `chance`: 0 to 1. */
export function retryDelay(attempt: number, chance: number): number {
  const base = Math.min(10_000, 250 * 2 ** Math.min(attempt - 1, 10))
  return Math.round(base * (0.75 + chance / 2))
}
