import type { Clock } from '../../base/clock.ts'
import { asBerthError } from '../../../shared/errors.ts'
import type { EngineEvent, EngineWatch, Found } from '../backend.ts'

/** While something is there. */
const busyEveryMs = 2_000
/** While nothing is: only whether it still answers. */
const idleEveryMs = 15_000
const validMs = 5_000
/** More than this between wall and monotonic clock since the last look: the machine slept, or somebody set the clock. */
const gapMs = 5_000
const retryFirstMs = 250
const retryLastMs = 5_000

/** What is seen of our own sandboxes, by `ref`. */
export type Sight = ReadonlyMap<string, { readonly name: string; readonly state: Found['state'] }>

export interface RemoteWatch extends EngineWatch {
  /** This engine made one. */
  made(found: Found): void
  /** This engine removed one, or was told otherwise that it is gone. */
  gone(ref: string): void
}

interface Tracked {
  readonly name: string
  ended: boolean
  readonly since: number
}

/**
 * The dialect has no event stream, so it is asked again and again, and differences are told as events. `look` gives all
 * that there are, those of whom the far side cannot say included.
 */
export function watchRemote(deps: { clock: Clock; look: () => Promise<Sight>; listener: (event: EngineEvent) => void }): RemoteWatch {
  const { clock, listener } = deps
  const offset = () => clock.wall() - clock.now()
  const tracked = new Map<string, Tracked>()
  let closed = false
  let connected = false
  /** Told `lost` since the last `back`: an outage is told once. */
  let told = false
  let failures = 0
  let answeredAt = Number.NEGATIVE_INFINITY
  let lastOffset = offset()
  let retryMs = retryFirstMs
  let looking = false
  let again = false
  let timer: { cancel(): void } | null = null

  const jumped = () => Math.abs(offset() - lastOffset) > gapMs
  const later = (ms: number) => {
    timer?.cancel()
    timer = clock.timer(ms, () => void poll())
  }

  async function poll(): Promise<void> {
    if (closed) return
    if (looking) {
      again = true
      return
    }
    looking = true
    timer?.cancel()
    try {
      if (jumped()) lose('the clock jumped: the machine slept, or its time was set')
      lastOffset = offset()
      await look()
    } finally {
      looking = false
      if (again) {
        again = false
        later(0)
      }
    }
  }

  async function look(): Promise<void> {
    const began = clock.now()
    let sight: Sight
    try {
      sight = await deps.look()
    } catch (error) {
      if (closed) return
      failures += 1
      // One try may fail by chance, and is repeated at once.
      if (failures > 1) lose(asBerthError(error).message)
      later(retryMs)
      retryMs = Math.min(retryMs * 2, retryLastMs)
      return
    }
    if (closed) return
    answeredAt = clock.now()
    failures = 0
    retryMs = retryFirstMs
    compare(sight, began)
    if (!connected) {
      connected = true
      told = false
      listener({ type: 'back' })
    }
    later(sight.size > 0 ? busyEveryMs : idleEveryMs)
  }

  function lose(reason: string): void {
    connected = false
    if (told) return
    told = true
    listener({ type: 'lost', reason })
  }

  function compare(sight: Sight, began: number): void {
    for (const [ref, one] of tracked) {
      const seen = sight.get(ref)
      // Made while the answer was under way: it cannot be in it.
      if (seen === undefined && one.since < began) end(ref, one)
      else if (seen?.state === 'exited') die(ref, one)
    }
    for (const [ref, { name, state }] of sight) {
      if (!tracked.has(ref)) tracked.set(ref, { name, ended: state === 'exited', since: began })
    }
  }

  function die(ref: string, one: Tracked): void {
    if (one.ended) return
    one.ended = true
    listener({ type: 'die', ref, name: one.name })
  }

  function end(ref: string, one: Tracked): void {
    die(ref, one)
    tracked.delete(ref)
    listener({ type: 'destroy', ref, name: one.name })
  }

  void poll()
  return {
    healthy: () => {
      if (closed || !connected) return false
      if (jumped()) {
        later(0)
        return false
      }
      return clock.now() - answeredAt <= validMs
    },
    made({ ref, name }) {
      if (closed || tracked.has(ref)) return
      tracked.set(ref, { name, ended: false, since: clock.now() })
      listener({ type: 'start', ref, name })
      // From now on it is looked at often; the next look of an idle watch may be far away.
      if (connected) later(0)
    },
    gone(ref) {
      const one = tracked.get(ref)
      if (!closed && one) end(ref, one)
    },
    close() {
      closed = true
      connected = false
      timer?.cancel()
    },
  }
}
