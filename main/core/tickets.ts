import { fail } from '../../shared/errors.ts'
import type { Clock } from '../base/clock.ts'
import { abortError, onAbort } from '../../shared/abort.ts'
import type { Decision } from './capacity.ts'

/** The line of acquires that wait for a place; first come, first served. */
export interface Tickets {
  /** Resolves when `take` ran for this ticket, which it does in the very tick in which the place was found free. */
  wait(options: { signal: AbortSignal; timeoutMs: number; replicas: number; take: (over: number) => void; waiting: (ahead: number) => void }): Promise<void>
  /** Looks again at the whole line. */
  pump(): void
  ahead(): number
}

interface Ticket {
  take(over: number): void
  refuse(): void
  waiting(ahead: number): void
}

/**
 * `decide(ahead)` is asked for each ticket; `evict` starts the ending of victims and must mark them in the same tick;
 * `changed` hears that the line is longer or shorter.
 */
export function makeTickets(clock: Clock, decide: (ahead: number) => Decision, evict: (ids: readonly string[]) => void, changed: () => void): Tickets {
  const line: Ticket[] = []
  let pumping = false
  let again = false
  let told = 0

  function pumpOnce(): void {
    let ahead = 0
    for (const ticket of [...line]) {
      if (!line.includes(ticket)) continue
      const decision = decide(ahead)
      if (decision.kind === 'reject') {
        line.splice(line.indexOf(ticket), 1)
        ticket.refuse()
        continue
      }
      if (decision.kind === 'go') {
        line.splice(line.indexOf(ticket), 1)
        ticket.take(decision.over)
      } else {
        ticket.waiting(ahead)
        ahead += 1
      }
      evict(decision.evict)
    }
  }

  function pump(): void {
    // Taking a place and evicting change the table, which pumps: looked at again afterwards, not inside.
    again = true
    if (pumping) return
    pumping = true
    try {
      while (again) {
        again = false
        pumpOnce()
      }
    } finally {
      pumping = false
    }
    if (told === line.length) return
    told = line.length
    changed()
  }

  return {
    pump,
    ahead: () => line.length,
    wait: ({ signal, timeoutMs, replicas, take, waiting }) =>
      new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(abortError(signal))
        const leave = (error: Error) => {
          const at = line.indexOf(ticket)
          if (at < 0) return
          line.splice(at, 1)
          done()
          reject(error)
          pump()
        }
        const timer = clock.timer(timeoutMs, () =>
          leave(
            fail('CAPACITY_TIMEOUT', `No place became free within ${timeoutMs / 1000} s: all ${replicas} sandboxes are in use`, {
              next: 'Release or destroy a sandbox, raise sandbox.replicas, or raise capacity.acquire_timeout.',
              details: { replicas, waiting: line.length },
            }),
          ),
        )
        const done = () => {
          timer.cancel()
          unlisten()
        }
        const ticket: Ticket = {
          waiting,
          take: (over) => {
            done()
            take(over)
            resolve()
          },
          refuse: () => {
            done()
            reject(
              fail('CAPACITY_REJECTED', `All ${replicas} sandboxes are in use`, {
                next: 'Release or destroy one, raise sandbox.replicas, or use capacity.mode: queue.',
                details: { replicas },
              }),
            )
          },
        }
        const unlisten = onAbort(signal, () => leave(abortError(signal)))
        line.push(ticket)
        pump()
      }),
  }
}
