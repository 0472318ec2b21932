import { asBerthError, type BerthError, fail, toErrorData } from '../../../shared/errors.ts'
import { listeners } from '../../../shared/listeners.ts'
import { type ClientFrame, clientFrame, creditBytes, type FramePort, type ServerFrame } from '../../../shared/wire/frame.ts'
import type { CallContext } from '../../calls/rpc/handlers.ts'
import { demandScope, type Dispatch } from '../../calls/rpc/dispatch.ts'
import { type TopicName, topics } from '../../../shared/topics.ts'
import type { Log } from '../../base/log.ts'
import type { SubscribeContext, TopicHandlers, TopicSink, TopicStream } from '../../base/topic-handlers.ts'

/** Codes with which the engine closes a WebSocket; a page tells by them what to do next. */
export const closeCodes = {
  /** The key or token is not taken, or no longer. */
  unauthorized: 4001,
  /** Page and engine are of two versions. */
  mismatch: 4009,
  /** The engine is going. */
  going: 1001,
  /** Something that is no frame. */
  badFrame: 4000,
} as const

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
    const subscription = deps.subscribe(
      frame.topic,
      frame.params,
      { scope: caller.scope, who: caller.who },
      {
        waiting: () => port.waiting?.() ?? 0,
        event: (event, bytes) => send({ k: 'event', id, event, bytes }),
        end(error) {
          over = true
          subscriptions.delete(id)
          send({ k: 'end', id, error: error && toErrorData(error) })
        },
      },
    )
    if (!over) subscriptions.set(id, subscription)
  }

  function take(frame: ClientFrame): void {
    switch (frame.k) {
      case 'hello':
        return
      case 'call':
        return void call(frame)
      case 'sub':
        return subscribe(frame)
      case 'up':
        return subscriptions.get(frame.id)?.up(frame.data)
      case 'ack':
        return subscriptions.get(frame.id)?.ack(frame.bytes)
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

/** Where the events of one subscription go. */
export interface EventPipe {
  event(event: unknown, bytes: number): void
  end(error: BerthError | null): void
  /** Bytes that the transport itself still holds back. */
  waiting(): number
}

export interface OpenSubscription {
  up(data: unknown): void
  ack(bytes: number): void
  close(): void
}

/** Opens a subscription for whoever asked: checks scope and params, and keeps its credit. Never throws: `end` tells why. */
export type Subscribe = (topic: string, params: unknown, context: SubscribeContext, pipe: EventPipe) => OpenSubscription

/** Where the transport holds back more than this, what may be dropped is: calls and terminals go first. */
const crowdedBytes = creditBytes
const crowdedMs = 25

export function createSubscribe(deps: { handlers: TopicHandlers; log: Log }): Subscribe {
  return (name, params, context, pipe) => {
    let stream: TopicStream<TopicName> | null = null
    let unacknowledged = 0
    let ended = false
    const { tell: roomAgain, on: onRoom } = listeners()
    let looking: ReturnType<typeof setTimeout> | null = null
    const crowded = () => droppable && pipe.waiting() >= crowdedBytes
    // No acknowledgement says when the transport itself has room again: it may be full of what others sent.
    const awaitRoom = () => {
      looking ??= setTimeout(() => {
        looking = null
        if (ended) return
        if (crowded()) return awaitRoom()
        roomAgain()
      }, crowdedMs)
    }
    const finish = (error: BerthError | null) => {
      if (ended) return
      ended = true
      if (looking) clearTimeout(looking)
      stream?.close()
      pipe.end(error)
    }
    const sink: TopicSink<TopicName> = {
      send(event) {
        if (ended) return
        const bytes = Buffer.byteLength(JSON.stringify(event))
        unacknowledged += bytes
        pipe.event(event, bytes)
      },
      room() {
        if (unacknowledged >= creditBytes) return false
        if (!crowded()) return true
        awaitRoom()
        return false
      },
      onRoom,
      end: finish,
    }
    let droppable = false
    try {
      const row = Object.hasOwn(topics, name) ? topics[name as TopicName] : null
      if (row === null) throw fail('NO_SUCH_CALL', 'There is no such topic', { next: `Topics are: ${Object.keys(topics).join(', ')}.` })
      demandScope(context, name, row.scope)
      droppable = row.pressure === 'drop'
      const parsed = row.params.safeParse(params)
      if (!parsed.success)
        throw fail('BAD_INPUT', `${name}: ${parsed.error.issues[0]?.message ?? 'bad parameters'}`, { next: 'Look at the topic’s parameters.' })
      const handler = deps.handlers[name as TopicName] as (args: unknown, sink: unknown, context: SubscribeContext) => TopicStream<TopicName>
      const opened = handler(parsed.data, sink, context)
      stream = opened
      // A handler may have ended it in the very call that opened it.
      if (ended) opened.close()
    } catch (thrown) {
      const error = asBerthError(thrown)
      if (error.code === 'INTERNAL') deps.log('error', `The topic ${name} failed unexpectedly`, thrown)
      finish(error)
    }
    return {
      up(data) {
        if (ended || !stream) return
        const parsed = topics[name as TopicName].up.safeParse(data)
        if (parsed.success) stream.up?.(parsed.data as never)
        else finish(fail('BAD_INPUT', `${name}: ${parsed.error.issues[0]?.message ?? 'not a message of this topic'}`, { next: 'Subscribe again.' }))
      },
      ack(bytes) {
        const before = unacknowledged
        unacknowledged = Math.max(0, unacknowledged - bytes)
        if (ended || before === unacknowledged) return
        roomAgain()
      },
      close() {
        if (ended) return
        ended = true
        if (looking) clearTimeout(looking)
        stream?.close()
      },
    }
  }
}
