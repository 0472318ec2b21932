import type { Scope } from '../../shared/call.ts'
import type { BerthError } from '../../shared/errors.ts'
import type { TopicArgs, TopicEvent, TopicName, TopicUp } from '../../shared/topics.ts'

/** Where a topic's events go: one subscriber, beyond any transport. */
export interface TopicSink<T extends TopicName> {
  send(event: TopicEvent<T>): void
  /** Whether less than the credit is unacknowledged. Without room a source drops and counts, waits, or merges, as its row says. */
  room(): boolean
  /** Called each time that room comes back. */
  onRoom(listener: () => void): void
  /** Nothing more comes. null: in order. */
  end(error: BerthError | null): void
}

/** One subscription, from the source's side. */
export interface TopicStream<T extends TopicName> {
  /** What the subscriber says, validated. */
  up?(data: TopicUp<T>): void
  /** The subscriber is gone, or `end` was called. Idempotent. */
  close(): void
}

/** Who subscribes. */
export interface SubscribeContext {
  readonly scope: Scope
  /** For the event log: `client:<token>`, `session:<id>`, `desktop`. */
  readonly who: string
}

/** Serves one subscription: gets validated params; throws a BerthError where it cannot be. */
export type TopicHandler<T extends TopicName> = (args: TopicArgs<T>, sink: TopicSink<T>, context: SubscribeContext) => TopicStream<T>

/** One handler for every topic: a missing one does not type-check. */
export type TopicHandlers = { readonly [T in TopicName]: TopicHandler<T> }
