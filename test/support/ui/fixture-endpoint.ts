import type { CallInput, CallName, CallResult } from '../../../shared/contract.ts'
import { fail } from '../../../shared/errors.ts'
import { applyPatch, type HouseState, type PatchOp } from '../../../shared/state.ts'
import type { TopicEvent, TopicName, TopicParams, TopicUp } from '../../../shared/topics.ts'
import type { Endpoint, TopicListener } from '../../../shared/wire/endpoint.ts'

/** Answers of the canned engine. What has none fails with NOT_SUPPORTED, so that a screen's own error shows. */
export type FixtureCalls = Partial<AllFixtureCalls>
/** Every call there is; null: no screen makes it, or none does without its own test. */
export type AllFixtureCalls = { readonly [K in CallName]: ((input: CallInput<K>, fixture: Fixture) => CallResult<K> | Promise<CallResult<K>>) | null }
/** What a topic says to a new subscriber. */
export type FixtureTopics = { readonly [T in TopicName]?: (params: TopicParams<T>, send: (event: TopicEvent<T>) => void) => void }

export interface Fixture {
  readonly endpoint: Endpoint
  state(): HouseState
  /** As the engine would: the next patch to everyone who looks. */
  push(ops: readonly PatchOp[]): void
  /** An event of any other topic, to its subscribers. Settles when all of them have taken it: then the engine would get its acknowledgement. */
  send<T extends TopicName>(topic: T, event: TopicEvent<T>): Promise<void>
  /** Calls so far, with their inputs. */
  readonly made: { name: CallName; input: unknown }[]
  /** What a subscriber sent back. */
  readonly said: { topic: TopicName; up: unknown }[]
  /** Topics subscribed to at this moment. */
  topics(): TopicName[]
  /** Ends what is subscribed, as a broken connection does. */
  breakOff(): void
}

interface Sub {
  readonly topic: TopicName
  readonly params: unknown
  readonly listener: TopicListener<TopicName>
}

/** An engine in this page's memory, with a state that stands still until it is pushed. */
export function fixtureEndpoint(state: HouseState, calls: FixtureCalls = {}, topics: FixtureTopics = {}): Fixture {
  const subs = new Set<Sub>()
  let now = state
  let seq = 0
  const fixture: Fixture = {
    endpoint: {
      async call(name, input) {
        fixture.made.push({ name, input })
        const answer = calls[name] as ((input: unknown, fixture: Fixture) => unknown) | undefined
        if (!answer) throw fail('NOT_SUPPORTED', `The fixture has no answer to ${name}`, { next: 'Give it one in test/support/ui/fixture-calls.ts.' })
        return (await answer(input, fixture)) as never
      },
      subscribe<T extends TopicName>(topic: T, params: TopicParams<T>, listener: TopicListener<T>) {
        const sub: Sub = { topic, params, listener: listener as unknown as TopicListener<TopicName> }
        subs.add(sub)
        queueMicrotask(() => {
          if (!subs.has(sub)) return
          if (topic === 'state') return void sub.listener.event({ type: 'snapshot', seq, state: now })
          const begin = topics[topic] as ((params: unknown, send: (event: unknown) => void) => void) | undefined
          begin?.(params, (event) => {
            if (subs.has(sub)) void sub.listener.event(event as never)
          })
        })
        return {
          send: (up: TopicUp<T>) => void fixture.said.push({ topic, up }),
          close: () => void subs.delete(sub),
        }
      },
      close: () => subs.clear(),
    },
    state: () => now,
    push(ops) {
      now = applyPatch(now, ops)
      seq += 1
      void fixture.send('state', { type: 'patch', seq, ops: [...ops] })
    },
    async send(topic, event) {
      await Promise.all(
        [...subs].map(async (sub) => {
          if (sub.topic === topic) await sub.listener.event(event as never)
        }),
      )
    },
    made: [],
    said: [],
    topics: () => [...subs].map(({ topic }) => topic),
    breakOff() {
      const ended = [...subs]
      subs.clear()
      for (const { listener } of ended)
        listener.end({ code: 'NOT_RUNNING', message: 'The connection broke', next: 'It is tried again by itself.', retry: true })
    },
  }
  return fixture
}
