import { describe, expect, it } from 'vitest'
import { checkCall } from '../../../app/ipc/serve-page.ts'
import { relay } from '../../../app/ipc/relay.ts'
import { fail } from '../../../shared/errors.ts'
import type { Endpoint, TopicListener } from '../../../shared/wire/endpoint.ts'
import type { ServerFrame } from '../../../shared/wire/frame.ts'

/** A relay over an endpoint that a test plays, with the frames that went to the page. */
function stage() {
  const sent: ServerFrame[] = []
  const heard: unknown[] = []
  const subs: { listener: TopicListener<never>; closed: boolean; up: unknown[] }[] = []
  let there = true
  const endpoint = {
    call: (name: string, input: unknown, { signal, onChunk }: { signal: AbortSignal; onChunk?: (chunk: unknown) => void }) =>
      new Promise((resolve, reject) => {
        onChunk?.('part')
        signal.addEventListener('abort', () => reject(fail('CANCELLED', 'given up', { next: 'Again.' })))
        if (name !== 'slow') resolve({ name, input })
      }),
    subscribe: (topic: string, _params: unknown, listener: TopicListener<never>) => {
      if (topic === 'none') throw fail('BAD_INPUT', 'no such topic', { next: 'Another.' })
      const sub = { listener, closed: false, up: [] as unknown[] }
      subs.push(sub)
      return { send: (data: unknown) => void sub.up.push(data), close: () => void (sub.closed = true) }
    },
    close: () => undefined,
  } as unknown as Endpoint
  const it = relay({
    send: (frame) => void sent.push(frame),
    endpoint() {
      if (there) return endpoint
      throw fail('NOT_RUNNING', 'gone', { next: 'Wait.' })
    },
    allow: checkCall,
    answered: (name, value) => void heard.push([name, value]),
  })
  return { it, sent, subs, heard, goes: () => void (there = false), settle: () => new Promise((resolve) => setImmediate(resolve)) }
}

describe('the relay between a page and the engine', () => {
  it('holds an event back from the engine until the page has acknowledged it, one by one', async () => {
    const { it: page, sent, subs, settle } = stage()
    page.frame({ k: 'sub', id: 1, topic: 'state', params: {} })
    const done: number[] = []
    for (const n of [1, 2, 3]) void Promise.resolve(subs[0]?.listener.event(n as never)).then(() => done.push(n))
    expect(sent).toEqual([1, 2, 3].map((event) => ({ k: 'event', id: 1, event, bytes: 1 })))
    await settle()
    expect(done).toEqual([])
    page.frame({ k: 'ack', id: 1, bytes: 1 })
    await settle()
    expect(done).toEqual([1])
    page.frame({ k: 'ack', id: 1, bytes: 2 })
    await settle()
    expect(done).toEqual([1, 2, 3])
  })
  it('passes on what a page says, its end and the end of a topic', () => {
    const { it: page, sent, subs } = stage()
    page.frame({ k: 'sub', id: 1, topic: 'terminal', params: {} })
    page.frame({ k: 'up', id: 1, data: { type: 'focus' } })
    page.frame({ k: 'up', id: 9, data: 'lost' })
    subs[0]?.listener.end(null)
    page.frame({ k: 'sub', id: 2, topic: 'none', params: {} })
    page.frame({ k: 'sub', id: 3, topic: 'logs', params: {} })
    page.frame({ k: 'unsub', id: 3 })
    expect(subs[0]?.up).toEqual([{ type: 'focus' }])
    expect(subs[1]?.closed).toBe(true)
    expect(sent).toMatchObject([
      { k: 'end', id: 1, error: null },
      { k: 'end', id: 2, error: { code: 'BAD_INPUT' } },
    ])
  })
  it('streams calls, cancels them, and keeps those from a page that are not for it', async () => {
    const { it: page, sent, heard, settle, goes } = stage()
    page.frame({ k: 'call', id: 1, name: 'list', input: {}, stream: true })
    page.frame({ k: 'call', id: 2, name: 'slow', input: {} })
    page.frame({ k: 'call', id: 3, name: 'token_copy', input: {} })
    page.frame({ k: 'cancel', id: 2 })
    await settle()
    goes()
    page.frame({ k: 'call', id: 4, name: 'list', input: {} })
    page.frame({ k: 'sub', id: 5, topic: 'state', params: {} })
    await settle()
    expect(sent.find((frame) => frame.k === 'chunk')).toEqual({ k: 'chunk', id: 1, chunk: 'part' })
    expect(sent.filter((frame) => frame.k === 'error' || frame.k === 'end').map((frame) => ['id' in frame && frame.id, frame.error?.code])).toEqual(
      expect.arrayContaining([
        [2, 'CANCELLED'],
        [3, 'FORBIDDEN'],
        [4, 'NOT_RUNNING'],
        [5, 'NOT_RUNNING'],
      ]),
    )
    expect(heard).toEqual([['list', { name: 'list', input: {} }]])
  })
  it('ends everything with the page, and takes nothing that is no frame', async () => {
    const { it: page, sent, subs, settle } = stage()
    for (const junk of [null, 'x', { k: 'sub' }, { k: 'call', id: -1, name: 'list', input: {} }, { k: 'ack', id: 1, bytes: -5 }]) page.frame(junk)
    expect([sent, subs]).toEqual([[], []])
    page.frame({ k: 'sub', id: 1, topic: 'state', params: {} })
    page.frame({ k: 'call', id: 2, name: 'slow', input: {} })
    page.close()
    void subs[0]?.listener.event('late' as never)
    page.frame({ k: 'sub', id: 3, topic: 'state', params: {} })
    await settle()
    expect(subs).toHaveLength(1)
    expect(subs[0]?.closed).toBe(true)
    expect(sent).toEqual([])
  })
  it('takes an acknowledgement of more than there is for all of it, at once', async () => {
    const { it: page, subs } = stage()
    page.frame({ k: 'sub', id: 1, topic: 'state', params: {} })
    const taken = Promise.all(['a', 'b'].map(async (one) => await subs[0]?.listener.event(one as never)))
    const began = performance.now()
    page.frame({ k: 'ack', id: 1, bytes: Number.MAX_SAFE_INTEGER })
    page.frame({ k: 'ack', id: 9, bytes: Number.MAX_SAFE_INTEGER })
    await taken
    expect(performance.now() - began).toBeLessThan(1000)
  })
  it('answers a call and a topic that it cannot read, and leaves what goes on under that number alone', async () => {
    const { it: page, sent, subs, settle } = stage()
    page.frame({ k: 'call', id: 3, name: 'x'.repeat(61), input: {} })
    page.frame({ k: 'sub', id: 4, topic: 5 })
    const refused = [
      { k: 'error', id: 3, error: { code: 'BAD_INPUT' } },
      { k: 'end', id: 4, error: { code: 'BAD_INPUT' } },
    ]
    expect(sent).toMatchObject(refused)
    page.frame({ k: 'sub', id: 1, topic: 'state', params: {} })
    page.frame({ k: 'call', id: 2, name: 'slow', input: {} })
    page.frame({ k: 'sub', id: 1, topic: 5 })
    page.frame({ k: 'call', id: 2, name: 5, input: {} })
    await settle()
    expect(sent).toMatchObject(refused)
    expect(subs[0]?.closed).toBe(false)
  })
})
