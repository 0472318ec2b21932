import { fail, fromErrorData } from '../../shared/errors.ts'
import type { Endpoint } from '../../shared/wire/endpoint.ts'
import type { Answer, EngineState, PreloadApi } from '../../shared/wire/preload-api.ts'
import type { Connection, Connector } from './endpoints.ts'

/** The engine over the shell: the preload keeps the port, the shell the connection. */
export function ipcConnector(berth: PreloadApi): Connector {
  const listeners = new Set<(now: Connection) => void>()
  let connection: Connection = { state: 'connecting' }
  let closed = false

  function become(state: EngineState): void {
    if (closed) return
    // Told again, as at every new pipe: it is the same connection, and what runs over it goes on. Another one comes after a loss.
    if (state.state === 'open' && connection.state === 'open' && connection.instance === state.instance) return
    if (connection.state === 'open') connection.endpoint.close()
    if (state.state === 'open') connection = { state: 'open', endpoint: ipcEndpoint(berth), instance: state.instance, session: null }
    else if (state.state === 'lost') connection = { state: 'lost', reason: state.reason, since: performance.now() - state.for, offer: state.offer }
    else connection = state
    for (const listener of listeners) listener(connection)
  }

  const unwatch = berth.onEngine(become)
  return {
    current: () => connection,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    // What came of it is in the state that follows.
    retry: () => void berth.native.retry(),
    startHere: async () => void valueOf(await berth.native.startEngine()),
    close() {
      closed = true
      unwatch()
      if (connection.state === 'open') connection.endpoint.close()
    },
  }
}

/** The contract over what the preload offers, until the connection behind it is another. */
function ipcEndpoint(berth: PreloadApi): Endpoint {
  const open = new Set<() => void>()
  let closed = false
  /** Ends with the endpoint, unless it has ended by itself before. */
  function until(end: () => void): () => void {
    open.add(end)
    return () => open.delete(end)
  }
  return {
    async call(name, input, { signal, onChunk } = {}) {
      if (closed) throw gone()
      if (signal?.aborted) throw fail('CANCELLED', 'The call was cancelled', { next: 'Call again.' })
      const call = berth.call(name, input, onChunk as ((chunk: unknown) => void) | undefined)
      const abort = () => call.cancel()
      signal?.addEventListener('abort', abort, { once: true })
      let settled: () => void = () => undefined
      const cut = new Promise<never>((_resolve, reject) => {
        settled = until(() => {
          call.cancel()
          reject(gone())
        })
      })
      try {
        return valueOf(await Promise.race([call.answer, cut])) as never
      } finally {
        settled()
        signal?.removeEventListener('abort', abort)
      }
    },
    subscribe(topic, params, listener) {
      const lost = () => {
        const { code, message, next } = gone()
        listener.end({ code, message, next, retry: true })
      }
      if (closed) {
        queueMicrotask(lost)
        return { send: () => undefined, close: () => undefined }
      }
      const subscription = berth.subscribe(topic, params, (event) => listener.event(event as never), (error) => {
        settled()
        listener.end(error)
      })
      const settled = until(() => {
        subscription.close()
        lost()
      })
      return {
        send: (up) => subscription.send(up),
        close: () => {
          settled()
          subscription.close()
        },
      }
    },
    close() {
      closed = true
      for (const end of [...open]) end()
      open.clear()
    },
  }
}

/** Errors cross as data. */
export function valueOf<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value
  throw fromErrorData(answer.error)
}

function gone() {
  return fail('NOT_RUNNING', 'The connection to the engine is gone', { next: 'It is tried again by itself; if the engine has ended, start it: berth serve' })
}
