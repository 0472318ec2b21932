import type { Aborting } from '../abort.ts'
import type { CallChunk, CallInput, CallName, CallResult } from '../contract.ts'
import type { ErrorData } from '../errors.ts'
import type { TopicEvent, TopicName, TopicParams, TopicUp } from '../topics.ts'

export interface EndpointCallOptions<K extends CallName> {
  /** Ends the call, and what it does. */
  readonly signal?: Aborting | undefined
  /** Asks for a stream. */
  readonly onChunk?: ((chunk: CallChunk<K>) => void) | undefined
}

export interface TopicListener<T extends TopicName> {
  /** A promise holds back the acknowledgement until it settles: so a slow view slows its source. */
  event(event: TopicEvent<T>): void | Promise<void>
  /** Nothing more comes. null: in order; NOT_RUNNING: the connection broke. */
  end(error: ErrorData | null): void
}

export interface Subscription<T extends TopicName> {
  send(up: TopicUp<T>): void
  /** No event after it, and no `end`. Idempotent. */
  close(): void
}

/** An engine, in this process or beyond any transport. The whole of what a screen or the shell can do with it. */
export interface Endpoint {
  /** Throws a BerthError, the engine's own or NOT_RUNNING. */
  call<K extends CallName>(name: K, input: CallInput<K>, options?: EndpointCallOptions<K>): Promise<CallResult<K>>
  subscribe<T extends TopicName>(topic: T, params: TopicParams<T>, listener: TopicListener<T>): Subscription<T>
  /** Ends its subscriptions, not the engine. Idempotent. */
  close(): void
}
