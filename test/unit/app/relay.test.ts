import { expect, it } from 'vitest'
import { relay } from '../../../app/ipc/relay.ts'
import type { Endpoint } from '../../../shared/wire/endpoint.ts'
import type { ServerFrame } from '../../../shared/wire/frame.ts'

/** A page writes what it likes into its port: it must neither hold up the shell nor wait for ever. */
function opened() {
  const sent: ServerFrame[] = []
  let event: (event: unknown) => Promise<void> | void = () => undefined
  const endpoint = {
    subscribe: (_topic: string, _params: unknown, listener: { event(event: unknown): Promise<void> | void }) => {
      event = (one) => listener.event(one)
      return { send: () => undefined, close: () => undefined }
    },
  } as unknown as Endpoint
  const page = relay({ send: (frame) => sent.push(frame), endpoint: () => endpoint, allow: () => undefined, answered: () => undefined })
  return { page, sent, event: (one: unknown) => event(one) }
}

it('takes an acknowledgement of more than there is for all of it, at once', async () => {
  const { page, event } = opened()
  page.frame({ k: 'sub', id: 1, topic: 'events', params: {} })
  const taken = Promise.all([event('a'), event('b')])
  const began = performance.now()
  page.frame({ k: 'ack', id: 1, bytes: Number.MAX_SAFE_INTEGER })
  page.frame({ k: 'ack', id: 9, bytes: Number.MAX_SAFE_INTEGER })
  await taken
  expect(performance.now() - began).toBeLessThan(1000)
})

it('answers a call and a subscription that it cannot read, and nothing else', () => {
  const { page, sent } = opened()
  page.frame({ k: 'call', id: 3, name: 'x'.repeat(61), input: {} })
  page.frame({ k: 'sub', id: 4, topic: 5 })
  for (const nothing of [null, 7, 'call', { k: 'call' }, { k: 'ack', id: 5, bytes: -1 }]) page.frame(nothing)
  expect(sent).toEqual([
    { k: 'error', id: 3, error: expect.objectContaining({ code: 'BAD_INPUT' }) as unknown },
    { k: 'end', id: 4, error: expect.objectContaining({ code: 'BAD_INPUT' }) as unknown },
  ])
})
