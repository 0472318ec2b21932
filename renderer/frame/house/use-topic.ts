import { useEffect, useEffectEvent } from 'react'
import type { ErrorData } from '../../../shared/errors.ts'
import type { TopicEvent, TopicName, TopicParams } from '../../../shared/topics.ts'
import { useEndpoint } from './contexts.ts'
import { useVisible } from './use-visible.ts'

export interface TopicHandlers<T extends TopicName> {
  readonly event: (event: TopicEvent<T>) => void | Promise<void>
  /** It begins, or begins anew: what came before is to be dropped. */
  readonly start?: (() => void) | undefined
  readonly end?: ((error: ErrorData | null) => void) | undefined
}

/** Subscribed while this is shown and the page is in sight; anew after a reconnect. `params` null: not at all. */
export function useTopic<T extends TopicName>(topic: T, params: TopicParams<T> | null, handlers: TopicHandlers<T>): void {
  const endpoint = useEndpoint()
  const visible = useVisible()
  const event = useEffectEvent((value: TopicEvent<T>) => handlers.event(value))
  const start = useEffectEvent(() => handlers.start?.())
  const end = useEffectEvent((error: ErrorData | null) => handlers.end?.(error))
  const key = params === null || !visible ? null : JSON.stringify(params)
  useEffect(() => {
    if (key === null) return
    start()
    const subscription = endpoint.subscribe(topic, JSON.parse(key) as TopicParams<T>, {
      event: (value) => event(value),
      end: (error) => end(error),
    })
    return () => subscription.close()
  }, [endpoint, topic, key])
}
