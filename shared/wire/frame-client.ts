import { onAbort } from '../abort.ts'
import { errorData, fail, fromErrorData, type BerthError } from '../errors.ts'
import type { Endpoint } from './endpoint.ts'
import type { ClientFrame, FramePort, ServerFrame } from './frame.ts'

interface Call {
  readonly onChunk: ((chunk: never) => void) | undefined
  resolve(value: unknown): void
  reject(error: BerthError): void
}
interface Sub {
  event(event: unknown): void | Promise<void>
  end(error: unknown): void
}

/** An endpoint over a pipe on which `hello` has been said. `onClosed` hears once that the pipe broke, not of its own close. */
export function frameClient(port: FramePort<ClientFrame, ServerFrame>, onClosed: (reason: string) => void): Endpoint {
  const calls = new Map<number, Call>()
  const subs = new Map<number, Sub>()
  let last = 0
  let closed: string | null = null

  function taken(frame: ServerFrame): void {
    if (frame.k === 'hello') return
    const call = calls.get(frame.id)
    if (frame.k === 'result' || frame.k === 'error') {
      calls.delete(frame.id)
      if (frame.k === 'result') call?.resolve(frame.value)
      else call?.reject(errorOf(frame.error))
    } else if (frame.k === 'chunk') call?.onChunk?.(frame.chunk as never)
    else if (frame.k === 'event') event(frame.id, frame.event, frame.bytes)
    else {
      const sub = subs.get(frame.id)
      subs.delete(frame.id)
      sub?.end(frame.error)
    }
  }

  function event(id: number, value: unknown, bytes: number): void {
    const sub = subs.get(id)
    if (!sub) return
    const ack = () => {
      if (closed === null && subs.has(id)) port.send({ k: 'ack', id, bytes })
    }
    // A view that failed has seen it all the same: its source must not stand still for ever.
    let done: void | Promise<void> = undefined
    try {
      done = sub.event(value)
    } finally {
      if (done instanceof Promise) void done.then(ack, ack)
      else ack()
    }
  }

  function shut(reason: string): void {
    if (closed !== null) return
    closed = reason
    const error = gone(reason)
    for (const call of calls.values()) call.reject(error)
    for (const sub of subs.values()) sub.end({ code: error.code, message: error.message, next: error.next, retry: true })
    calls.clear()
    subs.clear()
  }

  port.listen({
    frame: taken,
    closed: (reason) => {
      const mine = closed === null
      shut(reason)
      if (mine) onClosed(reason)
    },
  })

  return {
    call(name, input, { signal, onChunk } = {}) {
      return new Promise((resolve, reject) => {
        if (closed !== null) return reject(gone(closed))
        if (signal?.aborted) return reject(cancelled())
        const id = (last += 1)
        const settled = onAbort(signal, () => {
          if (!calls.delete(id)) return
          if (closed === null) port.send({ k: 'cancel', id })
          reject(cancelled())
        })
        calls.set(id, {
          onChunk: onChunk as ((chunk: never) => void) | undefined,
          resolve: (value) => {
            settled()
            resolve(value as never)
          },
          reject: (error) => {
            settled()
            reject(error)
          },
        })
        port.send({ k: 'call', id, name, input, ...(onChunk ? { stream: true } : {}) })
      })
    },
    subscribe(topic, params, listener) {
      const id = (last += 1)
      if (closed !== null) {
        const error = gone(closed)
        void Promise.resolve().then(() => listener.end({ code: error.code, message: error.message, next: error.next, retry: true }))
        return { send: () => undefined, close: () => undefined }
      }
      subs.set(id, listener as unknown as Sub)
      port.send({ k: 'sub', id, topic, params })
      return {
        send: (data) => {
          if (closed === null && subs.has(id)) port.send({ k: 'up', id, data })
        },
        close: () => {
          if (subs.delete(id) && closed === null) port.send({ k: 'unsub', id })
        },
      }
    },
    close() {
      if (closed !== null) return
      shut('this side closed it')
      port.close()
    },
  }
}

function errorOf(data: unknown): BerthError {
  const parsed = errorData.safeParse(data)
  if (parsed.success) return fromErrorData(parsed.data)
  return fail('INTERNAL', 'The engine answered with an error that this program cannot read', { next: 'Check that both are of one version.' })
}

function gone(reason: string): BerthError {
  return fail('NOT_RUNNING', `The connection to the engine is gone: ${reason}`, {
    next: 'It is tried again by itself; if the engine has ended, start it: berth serve',
  })
}

function cancelled(): BerthError {
  return fail('CANCELLED', 'The call was cancelled', { next: 'Call again.' })
}
