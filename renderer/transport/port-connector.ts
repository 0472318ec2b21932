import { fromErrorData } from '../../shared/errors.ts'
import { listeners } from '../../shared/listeners.ts'
import type { ClientFrame, FramePort, ServerFrame } from '../../shared/wire/frame.ts'
import { frameClient } from '../../shared/wire/frame-client.ts'
import type { Answer, EngineState, PreloadApi } from '../../shared/wire/preload-api.ts'
import type { Connection, Connector } from './endpoints.ts'

/** The page's end of a port to the shell. */
export interface PortEnd {
  send(frame: unknown): void
  /** What came before is heard too. */
  listen(heard: (frame: unknown) => void): void
  close(): void
}

/**
 * The engine over the shell: the preload says how the shell stands with it, and for each engine the page gets a port of its own,
 * on which it speaks the frames that a browser speaks over its socket. `onPort` hears of every port that comes.
 */
export function portConnector(berth: PreloadApi, onPort: (listener: (port: PortEnd) => void) => () => void): Connector {
  const { tell, on: onChange } = listeners<[now: Connection]>()
  let connection: Connection = { state: 'connecting' }
  let pipe: ReturnType<typeof portPipe> | null = null
  /** The engine to which a port is asked for. */
  let wanted: string | null = null
  let closed = false

  function become(next: Connection): void {
    connection = next
    tell(connection)
  }

  function drop(reason: string): void {
    wanted = null
    pipe?.shut(reason)
    pipe = null
  }

  // Listened for before one is asked for.
  const unlisten = onPort((port) => {
    const instance = wanted ?? (connection.state === 'open' ? connection.instance : null)
    if (closed || instance === null) return port.close()
    // The newest is the good one: the shell keeps one port a page.
    drop('another port came')
    pipe = portPipe(port)
    become({ state: 'open', endpoint: frameClient(pipe, () => undefined), instance, session: null })
  })
  const unwatch = berth.onEngine((state: EngineState) => {
    if (closed) return
    if (state.state === 'open') {
      // Told again: it is the same connection, and what runs over it goes on.
      if (wanted === state.instance || (connection.state === 'open' && connection.instance === state.instance)) return
      drop('another engine is there by now')
      wanted = state.instance
      berth.openPipe()
    } else {
      drop(state.state === 'lost' ? state.reason : 'it is looked for')
      become(state.state === 'lost' ? { state: 'lost', reason: state.reason, since: performance.now() - state.for, offer: state.offer } : state)
    }
  })
  return {
    current: () => connection,
    onChange,
    // What came of it is in the state that follows.
    retry: () => void berth.native.retry(),
    startHere: async () => void valueOf(await berth.native.startEngine()),
    close() {
      closed = true
      unwatch()
      unlisten()
      drop('the page closed it')
    },
  }
}

function portPipe(port: PortEnd): FramePort<ClientFrame, ServerFrame> & { shut(reason: string): void } {
  let closed: ((reason: string) => void) | null = null
  return {
    send: (frame) => port.send(frame),
    listen(listener) {
      closed = listener.closed
      port.listen((frame) => listener.frame(frame as ServerFrame))
    },
    close: () => port.close(),
    shut(reason) {
      closed?.(reason)
      port.close()
    },
  }
}

/** Errors cross as data. */
export function valueOf<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value
  throw fromErrorData(answer.error)
}
