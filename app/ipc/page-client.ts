import type { Answer, PreloadApi, PreloadCall } from '../../shared/wire/preload-api.ts'
import type { ErrorData } from '../../shared/errors.ts'
import type { ClientFrame, ServerFrame } from '../../shared/wire/frame.ts'

/** The pipe to the shell, as the preload holds it. */
export interface Pipe {
  send(frame: ClientFrame): void
  onFrame(listener: (frame: ServerFrame) => void): void
}

export interface PageDeps {
  /** One answer for one question, over `berth:call`; `id` for `cancel`. */
  ask(id: number, name: string, input: unknown): Promise<Answer>
  cancel(id: number): void
  /** Settles once the shell has sent it. */
  readonly pipe: Promise<Pipe>
}

interface Sub { readonly event: (event: unknown) => void | Promise<void>; readonly end: (error: ErrorData | null) => void }
interface Waiting { readonly chunk: (chunk: unknown) => void; readonly done: (answer: Answer) => void }

const cancelled: Answer = { ok: false, error: { code: 'CANCELLED', message: 'The call was cancelled', next: 'Call again.', retry: true } }

/** `call` and `subscribe` of `window.berth`. The pipe stays in here: a page gets functions. */
export function pageClient({ ask, cancel, pipe }: PageDeps): Pick<PreloadApi, 'call' | 'subscribe'> {
  const subs = new Map<number, Sub>()
  const calls = new Map<number, Waiting>()
  let last = 0
  const send = (frame: ClientFrame) => void pipe.then((ready) => ready.send(frame))

  void pipe.then((ready) => ready.onFrame((frame) => {
    if (frame.k === 'event') event(frame.id, frame.event, frame.bytes)
    else if (frame.k === 'chunk') calls.get(frame.id)?.chunk(frame.chunk)
    else if (frame.k === 'result') settle(frame.id, { ok: true, value: frame.value })
    else if (frame.k === 'error') settle(frame.id, { ok: false, error: frame.error })
    else if (frame.k === 'end') {
      const sub = subs.get(frame.id)
      subs.delete(frame.id)
      sub?.end(frame.error)
    }
  }))

  function settle(id: number, answer: Answer): void {
    calls.get(id)?.done(answer)
    calls.delete(id)
  }

  function event(id: number, value: unknown, bytes: number): void {
    const ack = () => {
      if (subs.has(id)) send({ k: 'ack', id, bytes })
    }
    // A view that failed has seen it all the same.
    void Promise.resolve(subs.get(id)?.event(value)).then(ack, ack)
  }

  return {
    call(name, input, onChunk): PreloadCall {
      const id = (last += 1)
      const { promise: gaveUp, resolve: over } = Promise.withResolvers<Answer>()
      if (!onChunk) {
        return {
          answer: Promise.race([ask(id, name, input), gaveUp]),
          cancel() {
            cancel(id)
            over(cancelled)
          },
        }
      }
      const answer = new Promise<Answer>((resolve) => calls.set(id, { chunk: onChunk, done: resolve }))
      send({ k: 'call', id, name, input, stream: true })
      return {
        answer: Promise.race([answer, gaveUp]),
        cancel() {
          if (calls.delete(id)) send({ k: 'cancel', id })
          over(cancelled)
        },
      }
    },
    subscribe(topic, params, event, end) {
      const id = (last += 1)
      subs.set(id, { event, end })
      send({ k: 'sub', id, topic, params })
      return {
        send: (data) => {
          if (subs.has(id)) send({ k: 'up', id, data })
        },
        close: () => {
          if (subs.delete(id)) send({ k: 'unsub', id })
        },
      }
    },
  }
}

/** What is heard again and again from the shell. */
export interface Heard<T> {
  heard(value: T): void
  /** The last of it at once, and what comes. */
  listen(listener: (value: T) => void): () => void
  /** Only what comes, and the last that came while nobody listened. */
  later(listener: (value: T) => void): () => void
}

export function latest<T>(): Heard<T> {
  let value: { is: T } | null = null
  const listeners = new Set<(value: T) => void>()
  let unheard: { is: T } | null = null
  const add = (listener: (value: T) => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  return {
    heard(next) {
      value = { is: next }
      unheard = listeners.size === 0 ? value : null
      for (const listener of listeners) listener(next)
    },
    listen(listener) {
      const off = add(listener)
      if (value) listener(value.is)
      return off
    },
    later(listener) {
      const off = add(listener)
      if (unheard) listener(unheard.is)
      unheard = null
      return off
    },
  }
}
