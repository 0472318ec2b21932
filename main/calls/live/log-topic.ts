import { asBerthError } from '../../../shared/errors.ts'
import type { LogLine } from '../../../shared/topics/sandbox-topics.ts'
import type { Clock } from '../../base/clock.ts'
import type { Provider } from '../../core/provider-api.ts'
import type { TopicHandler } from '../../base/topic-handlers.ts'
import { batches } from './live-state.ts'

/** Characters of one line that a screen gets. */
const longest = 16_384

/** The `logs` topic: a container's own log; whoever does not keep up loses the oldest lines that wait, and is told how many. */
export function logTopic(deps: { clock: Clock; logs: Provider['logs'] }): TopicHandler<'logs'> {
  return ({ id, tail }, sink) => {
    const gone = new AbortController()
    let n = 0
    const out = batches<LogLine>({
      clock: deps.clock,
      ms: 50,
      most: 5000,
      chunk: 500,
      room: sink.room,
      send: (lines, dropped) => sink.send({ type: 'lines', lines, dropped }),
    })
    let reason: string | null = null
    const finish = () => {
      // The reason comes after the last line, however long that waits for room.
      if (!out.deliver() || reason === null) return
      sink.send({ type: 'end', reason })
      reason = null
    }
    sink.onRoom(finish)

    async function read(): Promise<void> {
      for await (const { at, text } of deps.logs({ id, user: 'default' }, { tail, follow: true, signal: gone.signal })) {
        n += 1
        out.add({ n, at, text: text.length > longest ? `${text.slice(0, longest)} …` : text })
      }
    }

    read().then(
      () => ended('The sandbox has ended.'),
      (error: unknown) => ended(asBerthError(error).message),
    )

    function ended(why: string): void {
      if (gone.signal.aborted) return
      reason = why
      finish()
    }

    return {
      close() {
        gone.abort()
        out.close()
      },
    }
  }
}
