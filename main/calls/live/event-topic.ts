import type { BerthEvent } from '../../../shared/events.ts'
import type { Clock } from '../../base/clock.ts'
import type { Events } from '../../house/events/events.ts'
import type { TopicHandler } from '../../base/topic-handlers.ts'
import { batches } from './live-state.ts'

/** The `events` topic: the kept past, then what happens. */
export function eventTopic(deps: { clock: Clock; events: Pick<Events, 'subscribe' | 'recent' | 'last'> }): TopicHandler<'events'> {
  return ({ sandbox, limit }, sink) => {
    const wanted = (event: BerthEvent) => sandbox === undefined || event.sandbox === sandbox
    // Of one sandbox, the newest of all that are kept; otherwise just the newest.
    const past = limit === 0 ? [] : deps.events.recent({ limit: 1000 }).events.filter(wanted).slice(-limit)
    const from = deps.events.last()
    sink.send({ events: past, dropped: 0 })
    let missed = 0
    const out = batches<BerthEvent>({
      clock: deps.clock,
      ms: 100,
      most: 500,
      chunk: 100,
      room: sink.room,
      send(events, dropped) {
        sink.send({ events, dropped: dropped + missed })
        missed = 0
      },
    })
    sink.onRoom(out.deliver)
    const heard = deps.events.subscribe((event, dropped) => {
      missed += dropped
      if (wanted(event)) out.add(event)
    }, from)
    return {
      close() {
        heard.close()
        out.close()
      },
    }
  }
}
