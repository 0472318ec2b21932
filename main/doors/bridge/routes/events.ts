import { onAbort } from '../../../../shared/abort.ts'
import { calls } from '../../../../shared/contract.ts'
import { fail } from '../../../../shared/errors.ts'
import type { Events } from '../../../house/events/events.ts'
import type { Seen } from '../../../house/events/past.ts'
import { demandScope } from '../../../calls/rpc/dispatch.ts'
import type { Limits } from '../../http/body.ts'
import type { Route } from '../../http/route.ts'
import { createStream } from '../../http/stream.ts'

/**
 * `GET /berth/v1/events`: every event as it happens, as server-sent events, unless `Accept` names JSON (then it is the
 * call `events`). First a `hello` with the engine's instance; then plain messages. `id:` is `{instance}.{seq}`: a client
 * that comes back with it as Last-Event-ID misses nothing that is still kept, also over a restart of the engine, as the log
 * on disk has the end of what earlier instances told. `dropped` says how many it missed; `resumed: false` in the `hello`
 * that nothing is known of the instance it knew, so that nobody can say.
 */
export function eventsRoute(deps: { events: Events; limits: Limits }): Route {
  const { events } = deps
  return {
    takes: ({ method, path, accept }) => method === 'GET' && path === '/berth/v1/events' && !/application\/(?:x-ndjson|json)/i.test(accept ?? ''),
    open: () => false,
    async answer({ target, request, response, caller, signal }) {
      demandScope({ scope: caller?.scope ?? 'open' }, 'events', calls.events.scope)
      const since = sinceOf(target.query.get('since'))
      const seen = since === null ? seenOf(request.headers['last-event-id']) : null
      const before = seen !== null && seen.instance !== events.instance
      const past = before ? await events.earlier(seen) : null
      const from = since ?? (seen === null ? events.last() : before ? 0 : seen.seq)
      const stream = createStream(response, 'sse', signal, deps.limits.heartbeat)
      // Its id is where the client is: one that is cut off before the next message comes back from there.
      const at = past && seen ? `${seen.instance}.${seen.seq}` : `${events.instance}.${from}`
      await stream.send('hello', { instance: events.instance, seq: from, ...(seen ? { resumed: !before || past !== null } : {}) }, at)
      if (past && past.dropped > 0) await stream.send('dropped', { dropped: past.dropped })
      for (const { instance, event } of past?.events ?? []) await stream.send('', event, `${instance}.${event.seq}`)
      const subscription = events.subscribe(async (event, dropped) => {
        if (dropped > 0) await stream.send('dropped', { dropped })
        await stream.send('', event, `${events.instance}.${event.seq}`)
      }, from)
      try {
        await new Promise<void>((resolve) => {
          onAbort(signal, () => {
            // In the tick of the end: what it was about to send is then no failure of a listener.
            subscription.close()
            resolve()
          })
        })
      } finally {
        subscription.close()
        stream.close()
        response.end()
      }
    },
  }
}

function sinceOf(query: string | null): number | null {
  if (query === null) return null
  if (!/^\d{1,15}$/.test(query)) throw fail('BAD_INPUT', 'events: `since` must be a whole number', { next: 'Give the seq of the last event seen.' })
  return Number(query)
}

/** Where a client was; null: it does not say. What is no id of ours is one of an instance that nobody knows. */
function seenOf(lastEventId: string | string[] | undefined): Seen | null {
  if (typeof lastEventId !== 'string' || lastEventId === '') return null
  const [, instance, seq] = /^(.+)\.(\d{1,15})$/.exec(lastEventId) ?? []
  return instance === undefined ? { instance: '', seq: 0 } : { instance, seq: Number(seq) }
}
