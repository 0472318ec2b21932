import { orAborted } from '../../../../shared/abort.ts'
import { fail, type BerthError } from '../../../../shared/errors.ts'
import { type Listeners, listeners } from '../../../../shared/listeners.ts'
import type { Progress } from '../../../../shared/sandbox.ts'
import { cancelled } from '../errors.ts'

interface Flight {
  readonly abort: AbortController
  readonly reports: Listeners<[progress: Progress]>
  last: Progress | null
  /** Ended for all who wait for it. */
  givenUp: BerthError | null
  readonly work: Promise<void>
}

/** One piece of long work a key, however many wait for it. It is ended when nobody waits any more. */
export interface Flights {
  join(
    key: string,
    run: (report: (progress: Progress) => void, signal: AbortSignal) => Promise<void>,
    report: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<void>
  /** Ends one for all who wait for it. */
  cancel(key: string): void
  /** Ends all of them and waits until they have cleaned up. */
  close(): Promise<void>
}

export function imageFlights(): Flights {
  const flying = new Map<string, Flight>()

  function start(key: string, run: Parameters<Flights['join']>[1]): Flight {
    const abort = new AbortController()
    const reports = listeners<[progress: Progress]>()
    const flight: Flight = {
      abort,
      reports,
      last: null,
      givenUp: null,
      work: Promise.resolve().then(() =>
        run((progress) => {
          flight.last = progress
          reports.tell(progress)
        }, abort.signal),
      ),
    }
    flying.set(key, flight)
    const over = () => {
      if (flying.get(key) === flight) flying.delete(key)
    }
    flight.work.then(over, over)
    return flight
  }

  return {
    async join(key, run, report, signal) {
      const doing = `prepare the image ${key}`
      let flight = flying.get(key)
      // One that nobody waited for is being taken down; its end comes first.
      while (flight?.abort.signal.aborted) {
        if (signal.aborted) throw cancelled(doing)
        await flight.work.catch(() => undefined)
        flight = flying.get(key)
      }
      if (signal.aborted) throw cancelled(doing)
      flight ??= start(key, run)
      const off = flight.reports.on(report)
      if (flight.last) report(flight.last)
      try {
        await orAborted(flight.work, signal, () => cancelled(doing))
      } catch (error) {
        throw flight.givenUp ?? error
      } finally {
        off()
        if (flight.reports.size() === 0) flight.abort.abort()
      }
    },
    cancel(key) {
      const flight = flying.get(key)
      if (!flight || flight.abort.signal.aborted) return
      flight.givenUp = fail('CANCELLED', `Making the image ${key} ready was given up by somebody at a screen`, {
        next: 'Ask again: that starts it anew; what was downloaded is kept by the container engine.',
      })
      flight.abort.abort()
    },
    async close() {
      const all = [...flying.values()]
      for (const flight of all) flight.abort.abort()
      await Promise.allSettled(all.map((flight) => flight.work))
    },
  }
}
