import type { CallInput, CallName, CallResult } from '../../shared/contract.ts'
import type { HouseState, PatchOp } from '../../shared/state.ts'
import { applyPatch } from '../../shared/state.ts'
import type { ErrorData } from '../../shared/errors.ts'
import type { TopicEvent, TopicName, TopicParams } from '../../shared/topics.ts'
import type { Endpoint, EndpointCallOptions, Subscription } from '../../shared/wire/endpoint.ts'

/** The half of an endpoint that plain HTTP has. */
export interface Caller {
  call<K extends CallName>(name: K, input: CallInput<K>, options?: EndpointCallOptions<K>): Promise<CallResult<K>>
}

/** One way to an engine, as the contract's suite wants it. */
export interface TransportSubject {
  /** As the list of recent calls names it. */
  readonly transport: 'http' | 'socket' | 'ipc'
  readonly caller: Caller
  /** null: this transport has calls only. */
  readonly endpoint: Endpoint | null
  close(): Promise<void> | void
}

/** What one subscription has told so far. `hold` keeps back the acknowledgement of what comes from then on. */
export interface Heard<T extends TopicName> {
  readonly events: TopicEvent<T>[]
  readonly subscription: Subscription<T>
  ended(): { error: ErrorData | null } | null
  hold(): void
  release(): void
}

export function hear<T extends TopicName>(
  endpoint: Endpoint,
  topic: T,
  params: TopicParams<T>,
  onEvent: (event: TopicEvent<T>) => void = () => undefined,
): Heard<T> {
  const events: TopicEvent<T>[] = []
  let held: { promise: Promise<void>; resolve: () => void } | null = null
  let end: { error: ErrorData | null } | null = null
  const subscription = endpoint.subscribe(topic, params, {
    event(event) {
      events.push(event)
      onEvent(event)
      return held?.promise
    },
    end(error) {
      end = { error }
    },
  })
  return {
    events,
    subscription,
    ended: () => end,
    hold: () => void (held ??= Promise.withResolvers<void>()),
    release() {
      held?.resolve()
      held = null
    },
  }
}

/** The state as a screen would have it after these events; throws where a number is missing or out of order. */
export function mirrored(events: readonly TopicEvent<'state'>[]): HouseState {
  let state: HouseState | null = null
  let seq = 0
  for (const event of events) {
    if (event.type === 'snapshot') state = event.state
    else {
      if (state === null) throw new Error('a patch came before the snapshot')
      if (event.seq !== seq + 1) throw new Error(`patch ${event.seq} came after ${seq}`)
      state = applyPatch(state, event.ops)
    }
    seq = event.seq
  }
  if (state === null) throw new Error('no snapshot came')
  return state
}

/** Every op of these events, in order. */
export const opsOf = (events: readonly TopicEvent<'state'>[]): PatchOp[] => events.flatMap((event) => (event.type === 'patch' ? event.ops : []))
