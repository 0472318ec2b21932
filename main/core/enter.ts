import { asBerthError } from '../../shared/errors.ts'
import { wake } from './alive.ts'
import { type Beginning, type Core, untilBegun } from './core.ts'
import type { Visit } from './provider-api.ts'
import { touched, working } from './registry.ts'
import { explain, lookInto, present } from './use.ts'

/** Bytes flow thousands of times a second; that they do is noted this often. */
const notedMs = 1000

/** Lets a client in by the sandbox port. After a restart it waits until the engine has been looked at, as an acquire does. */
export async function enterSandbox(core: Core, beginning: Beginning, id: string, { counts, signal }: { counts: boolean; signal: AbortSignal }): Promise<Visit> {
  if (!core.table.get(id)) await untilBegun(core.deps.clock, beginning, signal)
  const entry = await present(core, { id, user: 'default' }, signal)
  const { sandbox } = entry
  const { ref } = sandbox
  if (!counts) lookInto(core, entry)
  const counting = counts ? count(core, id, ref) : nothing
  try {
    if (entry.sandbox.state === 'paused') await wake(core, entry)
    const client = core.clients.of(entry.sandbox)
    return {
      ...counting,
      address: client.api.address,
      lost: client.lost,
      explain: async (error) => asBerthError(await explain(core, id, sandbox, error)),
    }
  } catch (error) {
    counting.leave()
    throw error
  }
}

type Counting = Pick<Visit, 'streaming' | 'touch' | 'leave'>

const nothing: Counting = { streaming: () => undefined, touch: () => undefined, leave: () => undefined }

/** Work from now on; once it streams, only while bytes flow, give or take `idle_timeout`. */
function count(core: Core, id: string, ref: string): Counting {
  const { clock } = core.deps
  let state: 'working' | 'resting' | 'left' = 'working'
  let flowed = clock.now()
  let noted = flowed
  let streams = false
  let timer: { cancel(): void } | null = null

  function change(by: 1 | -1, at: number): void {
    const now = core.table.get(id)
    if (now?.sandbox?.ref === ref) core.save(core.table.set(working(now, by, at)))
  }

  function arm(): void {
    timer?.cancel()
    const idleMs = core.deps.config().idle_timeout * 1000
    timer = idleMs <= 0 ? null : clock.timer(flowed + idleMs - clock.now(), () => (clock.now() - flowed < idleMs ? arm() : rest()))
  }

  /** As if it had ended with its last byte: what is due by then is due. */
  function rest(): void {
    if (state !== 'working') return
    state = 'resting'
    change(-1, flowed)
  }

  function note(): void {
    noted = flowed
    const now = core.table.get(id)
    if (now?.sandbox?.ref !== ref) return
    const next = touched(now, flowed)
    if (next !== now) core.save(core.table.set(next))
  }

  change(1, flowed)
  return {
    streaming() {
      streams = true
      flowed = clock.now()
      if (state === 'working') arm()
    },
    touch() {
      if (state === 'left') return
      flowed = clock.now()
      if (state === 'resting') {
        state = 'working'
        noted = flowed
        change(1, flowed)
        arm()
      } else if (flowed - noted >= notedMs) note()
    },
    leave() {
      timer?.cancel()
      if (state === 'working') change(-1, streams ? flowed : clock.now())
      state = 'left'
    },
  }
}
