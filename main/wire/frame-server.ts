import { asBerthError, type BerthError, fail, toErrorData } from '../../shared/errors.ts'
import { type ClientFrame, clientFrame, type FramePort, type ServerFrame } from '../../shared/wire/frame.ts'
import type { CallContext } from '../rpc/context.ts'
import type { Dispatch } from '../rpc/dispatch.ts'
import type { Subscribe } from './subscribe.ts'

/** One client at the other end of a pipe. */
export interface Served {
  /** Ends its calls and subscriptions with this reason, and the pipe. Idempotent. */
  close(reason: BerthError): void
}

export interface FrameServerDeps {
  readonly dispatch: Dispatch
  readonly subscribe: Subscribe
  readonly caller: Omit<CallContext<unknown>, 'signal' | 'emit'>
  /** The pipe ended, whoever ended it. */
  readonly onClosed?: (() => void) | undefined
}

/** More than any screen needs; beyond it a client is broken. */
const mostCalls = 256
const mostSubscriptions = 64
/** A streaming call waits while the pipe holds back this many bytes. */
const chunkRoom = 1_048_576

/** Serves the contract over a pipe of frames: a WebSocket, a MessagePort or memory. What is no frame of the protocol ends it. */
export function serveFrames(port: FramePort<ServerFrame, ClientFrame>, deps: FrameServerDeps): Served {
  const { dispatch, caller } = deps
  const calls = new Map<number, AbortController>()
  const subscriptions = new Map<number, ReturnType<Subscribe>>()
  let closed = false

  async function call(frame: Extract<ClientFrame, { k: 'call' }>): Promise<void> {
    const { id } = frame
    if (calls.has(id) || calls.size >= mostCalls) return refuse(id, calls.has(id) ? 'that number is in use' : 'too many calls at once')
    const control = new AbortController()
    calls.set(id, control)
    try {
      const emit = async (chunk: unknown) => {
        while ((port.waiting?.() ?? 0) > chunkRoom && !control.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10))
        if (!control.signal.aborted) send({ k: 'chunk', id, chunk })
      }
      const value = await dispatch({ ...caller, signal: control.signal, ...(frame.stream ? { emit } : {}) }, frame.name, frame.input)
      if (calls.get(id) === control) send({ k: 'result', id, value })
    } catch (thrown) {
      if (calls.get(id) === control) send({ k: 'error', id, error: toErrorData(thrown) })
    } finally {
      if (calls.get(id) === control) calls.delete(id)
    }
  }

  function subscribe(frame: Extract<ClientFrame, { k: 'sub' }>): void {
    const { id } = frame
    if (subscriptions.has(id) || subscriptions.size >= mostSubscriptions) {
      send({ k: 'end', id, error: toErrorData(badFrame(subscriptions.has(id) ? 'that number is in use' : 'too many subscriptions at once')) })
      return
    }
    let over = false
    const subscription = deps.subscribe(frame.topic, frame.params, { scope: caller.scope, who: caller.who }, {
      waiting: () => port.waiting?.() ?? 0,
      event: (event, bytes) => send({ k: 'event', id, event, bytes }),
      end(error) {
        over = true
        subscriptions.delete(id)
        send({ k: 'end', id, error: error && toErrorData(error) })
      },
    })
    if (!over) subscriptions.set(id, subscription)
  }

  function take(frame: ClientFrame): void {
    switch (frame.k) {
      case 'hello': return
      case 'call': return void call(frame)
      case 'sub': return subscribe(frame)
      case 'up': return subscriptions.get(frame.id)?.up(frame.data)
      case 'ack': return subscriptions.get(frame.id)?.ack(frame.bytes)
      case 'cancel': {
        calls.get(frame.id)?.abort(fail('CANCELLED', 'The caller gave it up', { next: 'Call again.' }))
        calls.delete(frame.id)
        return
      }
      case 'unsub': {
        subscriptions.get(frame.id)?.close()
        subscriptions.delete(frame.id)
      }
    }
  }

  function refuse(id: number, why: string): void {
    send({ k: 'error', id, error: toErrorData(badFrame(why)) })
  }

  function send(frame: ServerFrame): void {
    if (!closed) port.send(frame)
  }

  function end(reason: BerthError, tell: boolean): void {
    if (closed) return
    for (const [id, control] of calls) {
      control.abort(reason)
      if (tell) send({ k: 'error', id, error: toErrorData(reason) })
    }
    for (const [id, subscription] of subscriptions) {
      subscription.close()
      if (tell) send({ k: 'end', id, error: toErrorData(reason) })
    }
    closed = true
    calls.clear()
    subscriptions.clear()
    deps.onClosed?.()
  }

  port.listen({
    frame(raw) {
      if (closed) return
      const parsed = clientFrame.safeParse(raw)
      if (parsed.success) return take(parsed.data)
      const bad = badFrame(parsed.error.issues[0]?.message ?? 'it has another form')
      end(bad, true)
      port.close(bad)
    },
    closed: (reason) => end(fail('CANCELLED', `The client is gone: ${reason}`, { next: 'Call again.' }), false),
  })

  return {
    close(reason) {
      end(asBerthError(reason), true)
      port.close(reason)
    },
  }
}

function badFrame(why: string): BerthError {
  return fail('BAD_INPUT', `That frame cannot be taken: ${why}`, { next: 'Use the page or program that belongs to this version of Berth.' })
}
