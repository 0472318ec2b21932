import type { CallRecord } from '../../../shared/topics/house-topics.ts'
import type { Clock } from '../../base/clock.ts'
import { asBerthError } from '../../../shared/errors.ts'
import { listeners } from '../../../shared/listeners.ts'
import type { Dispatch } from '../rpc/dispatch.ts'
import type { TopicHandler } from '../../base/topic-handlers.ts'
import { batches } from './live-state.ts'

export interface CallRecords {
  /** The same door, with every call of a client written down as it ends. `threadOf`: of a sandbox that is there, or was; null: none is known. */
  recorded(dispatch: Dispatch, threadOf: (id: string) => string | null): Dispatch
  readonly topic: TopicHandler<'calls'>
}

const kept = 300
/** A screen's own looking is not what anybody asks about. */
const silent = new Set(['health', 'status', 'list', 'get', 'details', 'config', 'files', 'images', 'threads', 'tokens', 'session_open'])

/** Remembers the last calls, without what they carried: that may be a secret. */
export function callRecords(clock: Clock): CallRecords {
  const ring: CallRecord[] = []
  const added = listeners<[record: CallRecord]>()
  let seq = 0

  function add(record: Omit<CallRecord, 'seq'>): void {
    seq += 1
    const full = { seq, ...record }
    ring.push(full)
    if (ring.length > kept * 2) ring.splice(0, ring.length - kept)
    added.tell(full)
  }

  return {
    recorded: (dispatch, threadOf) => async (context, name, input) => {
      const own = context.transport === 'ipc' || context.transport === 'socket' || context.transport === 'process'
      if (own && silent.has(name)) return await dispatch(context, name, input)
      const began = clock.now()
      const at = new Date(clock.wall()).toISOString()
      const ended = (sandbox: string | null, error: string | null) =>
        add({
          at,
          client: context.client,
          transport: context.transport,
          call: name.slice(0, 60),
          sandbox: sandbox === null ? null : (threadOf(sandbox) ?? sandbox),
          ms: clock.now() - began,
          error,
        })
      try {
        const result = await dispatch(context, name, input)
        // What was asked for comes first: an answer's `id` may be another thing's, a terminal's or a session's.
        ended(sandboxIn(input) ?? sandboxIn(result), null)
        return result
      } catch (thrown) {
        ended(sandboxIn(input), asBerthError(thrown).code)
        throw thrown
      }
    },
    topic(_args, sink) {
      sink.send({ calls: ring.slice(-kept), dropped: 0 })
      const out = batches<CallRecord>({ clock, ms: 100, most: 300, chunk: 100, room: sink.room, send: (calls, dropped) => sink.send({ calls, dropped }) })
      sink.onRoom(out.deliver)
      const off = added.on(out.add)
      return {
        close() {
          off()
          out.close()
        },
      }
    },
  }
}

/** The sandbox or thread that an input or answer names. */
function sandboxIn(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null
  const { id, sandbox, thread } = value as { id?: unknown; sandbox?: unknown; thread?: unknown }
  if (typeof thread === 'string') return thread.slice(0, 64)
  return [sandbox, id].find((one): one is string => typeof one === 'string' && /^[a-f0-9]{16}$/.test(one)) ?? null
}
