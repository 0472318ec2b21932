import { asBerthError, type BerthError, fail } from '../../shared/errors.ts'
import { topics, type TopicName } from '../../shared/topics.ts'
import { creditBytes } from '../../shared/wire/frame.ts'
import type { Log } from '../log.ts'
import { demandScope } from '../rpc/dispatch.ts'
import type { SubscribeContext, TopicHandlers, TopicSink, TopicStream } from '../rpc/topic-handlers.ts'

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
    const listeners: (() => void)[] = []
    let looking: ReturnType<typeof setTimeout> | null = null
    const crowded = () => droppable && pipe.waiting() >= crowdedBytes
    // No acknowledgement says when the transport itself has room again: it may be full of what others sent.
    const awaitRoom = () => {
      looking ??= setTimeout(() => {
        looking = null
        if (ended) return
        if (crowded()) return awaitRoom()
        for (const listener of listeners) listener()
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
      onRoom: (listener) => void listeners.push(listener),
      end: finish,
    }
    let droppable = false
    try {
      const row = Object.hasOwn(topics, name) ? topics[name as TopicName] : null
      if (row === null) throw fail('NO_SUCH_CALL', 'There is no such topic', { next: `Topics are: ${Object.keys(topics).join(', ')}.` })
      demandScope(context, name, row.scope)
      droppable = row.pressure === 'drop'
      const parsed = row.params.safeParse(params)
      if (!parsed.success) throw fail('BAD_INPUT', `${name}: ${parsed.error.issues[0]?.message ?? 'bad parameters'}`, { next: 'Look at the topic’s parameters.' })
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
        for (const listener of listeners) listener()
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
