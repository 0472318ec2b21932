import { abortError, onAbort, orAborted } from '../../shared/abort.ts'
import type { BerthError } from '../../shared/errors.ts'
import type { Progress } from '../../shared/sandbox.ts'

/** Somebody who waits for a flight: an acquire, or a call that needs the sandbox once it is there. */
export interface Passenger {
  /** null: wants to use it, not to hold it. */
  readonly holder: string | null
  /** For the event log; default: the holder. */
  readonly who?: string | undefined
  readonly report?: ((progress: Progress) => void) | undefined
}

export interface Flight<T> {
  /** Aborts when the last passenger left, or by `abort`. */
  readonly signal: AbortSignal
  /** Holders aboard at this moment. */
  holders(): string[]
  /** Who is told to have caused it: the first aboard. */
  who(): string
  report(progress: Progress): void
  /** Finishes for all aboard, in this very tick; what `run` returns later no longer matters. */
  land(result: T): void
}

/** One flight per thread: whoever comes while one is on its way joins it. */
export interface Flights<T> {
  has(id: string): boolean
  ids(): ReadonlySet<string>
  /** Starts `run`, or joins what runs already. `signal` ends this passenger's wait only. */
  join(id: string, passenger: Passenger, signal: AbortSignal | undefined, run: (flight: Flight<T>) => Promise<T>): Promise<T>
  /** Starts one without passengers, which nobody's leaving ends. Does nothing where one is on its way. */
  send(id: string, run: (flight: Flight<T>) => Promise<T>): Promise<void>
  /** Ends one; resolves when it has come down. */
  abort(id: string, reason: BerthError): Promise<void>
  /** Ends all; resolves when every one has come down. */
  abortAll(reason: BerthError): Promise<void>
}

interface Aboard<T> extends Passenger {
  settle(result: { value: T } | { error: unknown }): void
}
interface State<T> {
  control: AbortController
  aboard: Set<Aboard<T>>
  crewed: boolean
  down: Promise<void>
  last: Progress | null
}

/** `ended` runs in the tick in which a flight has ended: whoever waited for it to be out of the way looks again. */
export function makeFlights<T>(ended: () => void): Flights<T> {
  const flying = new Map<string, State<T>>()

  function start(id: string, crewed: boolean, run: (flight: Flight<T>) => Promise<T>): State<T> {
    const state: State<T> = { control: new AbortController(), aboard: new Set(), crewed, down: Promise.resolve(), last: null }
    flying.set(id, state)
    const finish = (result: { value: T } | { error: unknown }) => {
      if (flying.get(id) === state) flying.delete(id)
      for (const passenger of state.aboard) passenger.settle(result)
      state.aboard.clear()
      ended()
    }
    const flight: Flight<T> = {
      signal: state.control.signal,
      holders: () => [...state.aboard].flatMap((passenger) => passenger.holder ?? []),
      who: () => {
        for (const { who, holder } of state.aboard) return who ?? holder ?? 'berth:provider'
        return 'berth:provider'
      },
      report: (progress) => {
        state.last = progress
        for (const passenger of state.aboard) passenger.report?.(progress)
      },
      land: (value) => finish({ value }),
    }
    state.down = run(flight).then(
      (value) => finish({ value }),
      // Whatever an ended effect threw: the reason for which the flight was ended is what its passengers are to know.
      (error: unknown) => finish({ error: state.control.signal.aborted ? abortError(state.control.signal) : error }),
    )
    return state
  }

  return {
    has: (id) => flying.has(id),
    ids: () => new Set(flying.keys()),
    async join(id, passenger, signal, run) {
      if (signal?.aborted) throw abortError(signal)
      // One that is being ended is not joined: its end is somebody else's, and is waited for.
      for (let old = flying.get(id); old?.control.signal.aborted; old = flying.get(id)) await orAborted(old.down, signal)
      return await new Promise<T>((resolve, reject) => {
        let unlisten = (): void => undefined
        const me: Aboard<T> = {
          ...passenger,
          settle: (result) => {
            unlisten()
            if ('value' in result) resolve(result.value)
            else reject(result.error as Error)
          },
        }
        // Aboard before the flight begins, so that even one which lands at once finds its first passenger.
        let state = flying.get(id)
        const first = state === undefined
        state ??= start(id, false, async (flight) => {
          await Promise.resolve()
          return await run(flight)
        })
        const joined = state
        joined.aboard.add(me)
        if (!first && joined.last) me.report?.(joined.last)
        unlisten = onAbort(signal, (aborted) => {
          if (!joined.aboard.delete(me)) return
          const reason = abortError(aborted)
          reject(reason)
          if (joined.aboard.size === 0 && !joined.crewed) joined.control.abort(reason)
        })
      })
    },
    async send(id, run) {
      if (!flying.has(id)) await start(id, true, run).down
    },
    async abort(id, reason) {
      const state = flying.get(id)
      state?.control.abort(reason)
      await state?.down
    },
    async abortAll(reason) {
      const all = [...flying.values()]
      for (const state of all) state.control.abort(reason)
      await Promise.all(all.map((state) => state.down))
    },
  }
}
