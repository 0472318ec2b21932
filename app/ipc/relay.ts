import { askingFrame, clientFrame, type ServerFrame } from '../../shared/wire/frame.ts'
import type { Endpoint, Subscription } from '../../shared/wire/endpoint.ts'
import { fail, toErrorData } from '../../shared/errors.ts'
import type { CallName } from '../../shared/contract.ts'
import type { TopicName } from '../../shared/topics.ts'

export interface RelayDeps {
  send(frame: ServerFrame): void
  /** The engine of this moment; throws NOT_RUNNING where there is none. */
  endpoint(): Endpoint
  /** Throws where a page may not have this call. */
  allow(name: string): void
  /** Sees what a call answered. */
  answered(name: string, value: unknown): void
}

/** One page's pipe, from one load of it to the next. */
export interface Relay {
  frame(frame: unknown): void
  /** Ends what it subscribed to and the calls under way. */
  close(): void
}

interface Open {
  readonly subscription: Subscription<TopicName>
  /** Events that the page has not acknowledged yet, oldest first. */
  readonly waiting: (() => void)[]
}

/**
 * Passes a page's frames on to the endpoint. Credit is counted where events are made: here one event is one byte, and the
 * endpoint gets its acknowledgement when the page has given its own.
 */
export function relay(deps: RelayDeps): Relay {
  const open = new Map<number, Open>()
  const calls = new Map<number, AbortController>()
  let closed = false
  const send = (frame: ServerFrame) => {
    if (!closed) deps.send(frame)
  }

  function subscribe(id: number, topic: string, params: unknown): void {
    if (open.has(id)) return
    const waiting: (() => void)[] = []
    try {
      // Not ours to check: the engine does, with every other transport's.
      const subscription = deps.endpoint().subscribe(topic as TopicName, params as never, {
        event(event) {
          send({ k: 'event', id, event, bytes: 1 })
          return new Promise<void>((resolve) => waiting.push(resolve))
        },
        end(error) {
          open.delete(id)
          send({ k: 'end', id, error })
        },
      })
      open.set(id, { subscription, waiting })
    } catch (error) {
      send({ k: 'end', id, error: toErrorData(error) })
    }
  }

  async function call(id: number, name: string, input: unknown, stream: boolean): Promise<void> {
    const control = new AbortController()
    calls.set(id, control)
    try {
      deps.allow(name)
      const value = await deps.endpoint().call(name as CallName, input as never, {
        signal: control.signal,
        ...(stream ? { onChunk: (chunk: unknown) => send({ k: 'chunk', id, chunk }) } : {}),
      })
      deps.answered(name, value)
      send({ k: 'result', id, value })
    } catch (error) {
      send({ k: 'error', id, error: toErrorData(error) })
    } finally {
      calls.delete(id)
    }
  }

  /** Our page sends none that is not a frame; whoever else wrote it waits for an answer all the same. */
  function misread(data: unknown): void {
    const asking = askingFrame.safeParse(data)
    if (!asking.success) return
    const { k, id } = asking.data
    const error = toErrorData(fail('BAD_INPUT', 'This is not a frame that the engine knows', { next: 'Load the page again.' }))
    if (k === 'call' && !calls.has(id)) send({ k: 'error', id, error })
    else if (k === 'sub' && !open.has(id)) send({ k: 'end', id, error })
  }

  return {
    frame(data) {
      if (closed) return
      const parsed = clientFrame.safeParse(data)
      if (!parsed.success) return misread(data)
      const frame = parsed.data
      if (frame.k === 'sub') subscribe(frame.id, frame.topic, frame.params)
      else if (frame.k === 'call') void call(frame.id, frame.name, frame.input, frame.stream === true)
      else if (frame.k === 'cancel') calls.get(frame.id)?.abort(fail('CANCELLED', 'The page cancelled the call', { next: 'Call again.' }))
      else if (frame.k === 'up') open.get(frame.id)?.subscription.send(frame.data as never)
      else if (frame.k === 'ack') for (const taken of open.get(frame.id)?.waiting.splice(0, frame.bytes) ?? []) taken()
      else if (frame.k === 'unsub') {
        open.get(frame.id)?.subscription.close()
        open.delete(frame.id)
      }
    },
    close() {
      closed = true
      for (const { subscription } of open.values()) subscription.close()
      for (const control of calls.values()) control.abort()
      open.clear()
      calls.clear()
    },
  }
}
