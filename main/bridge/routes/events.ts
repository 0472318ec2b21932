import { once } from 'node:events'
import { calls } from '../../../shared/contract.ts'
import { fail } from '../../../shared/errors.ts'
import type { Events } from '../../events/events.ts'
import { demandScope } from '../../rpc/dispatch.ts'
import type { Limits } from '../limits.ts'
import type { Route } from '../route.ts'
import { createStream } from '../stream.ts'

/**
 * `GET /berth/v1/events`: every event as it happens, as server-sent events, unless `Accept` names JSON (then it is the
 * call `events`). First a `hello` with the engine's instance; then plain messages. `id:` is `{instance}.{seq}`: a client
 * that comes back with it as Last-Event-ID misses nothing that is still kept. `dropped` says how many it missed.
 */
export function eventsRoute(deps: { events: Events; limits: Limits }): Route {
  const { events } = deps
  return {
    takes: ({ method, path, accept }) =>
      method === 'GET' && path === '/berth/v1/events' && !/application\/(?:x-ndjson|json)/i.test(accept ?? ''),
    open: () => false,
    async answer({ target, request, response, caller, signal }) {
      demandScope({ scope: caller?.scope ?? 'open' }, 'events', calls.events.scope)
      const since = sinceOf(events.instance, target.query.get('since'), request.headers['last-event-id'])
      const stream = createStream(response, 'sse', signal, deps.limits.heartbeat)
      const from = since ?? events.last()
      await stream.send('hello', { instance: events.instance, seq: from }, `${events.instance}.${from}`)
      const subscription = events.subscribe(async (event, dropped) => {
        if (dropped > 0) await stream.send('dropped', { dropped })
        await stream.send('', event, `${events.instance}.${event.seq}`)
      }, from)
      try {
        if (!signal.aborted) await once(signal, 'abort')
      } finally {
        subscription.close()
        stream.close()
        response.end()
      }
    },
  }
}

/** Where to go on; null: with the next event. An id of another instance means that all of this one are new. */
function sinceOf(instance: string, query: string | null, lastEventId: string | string[] | undefined): number | null {
  if (query !== null) {
    if (!/^\d{1,15}$/.test(query)) throw fail('BAD_INPUT', 'events: `since` must be a whole number', { next: 'Give the seq of the last event seen.' })
    return Number(query)
  }
  if (typeof lastEventId !== 'string' || lastEventId === '') return null
  const dot = lastEventId.lastIndexOf('.')
  const seq = lastEventId.slice(dot + 1)
  return lastEventId.slice(0, Math.max(0, dot)) === instance && /^\d{1,15}$/.test(seq) ? Number(seq) : 0
}
