import { setImmediate as macrotask } from 'node:timers/promises'
import type { Clock } from '../../main/base/clock.ts'
import { fail } from '../../shared/errors.ts'
import type { Seeded } from './seeded.ts'

/** One program under test: its clock, and what it waits for. Killed, nothing that it awaits ever settles again. */
export interface SimProcess {
  readonly name: string
  readonly clock: Clock
  alive(): boolean
  /** kill -9. What was already sent to the world may still happen there (`orphan` of `wait`, by a coin). */
  kill(): void
  /** Resolves after `ms` of simulated time, rejects with CANCELLED on abort. */
  wait(ms: number, options?: { signal?: AbortSignal | undefined; orphan?: (() => void) | undefined }): Promise<void>
  never<T>(): Promise<T>
}

/**
 * The one time line of a simulated world. Nothing moves but by `step`: it fires the next event and lets every promise
 * that follows from it settle, so a run is a function of its seed. Equal times fire in an order drawn from the seed.
 */
export interface SimTime {
  /** Milliseconds since the world began; never jumps. */
  now(): number
  wall(): number
  /** Milliseconds since boot with the time slept, as CLOCK_BOOTTIME counts it. */
  uptime(): number
  /** Somebody set the wall clock. */
  jump(ms: number): void
  /** The machine slept: wall clock and uptime went on, the monotonic clock did not. */
  suspend(ms: number): void
  /** When and by how much the wall clock jumped. */
  readonly jumps: readonly { readonly at: number; readonly ms: number }[]
  at(delay: number, run: () => void): { cancel(): void }
  /** Fires the next event that is due by `until`; false if there is none. */
  step(until: number): Promise<boolean>
  advance(ms: number): Promise<void>
  /** Steps until the condition holds; false if it did not within `ms` of simulated time. */
  runUntil(holds: () => boolean, ms: number): Promise<boolean>
  /** Every promise that can settle without time passing has settled. */
  settle(): Promise<void>
  process(name: string): SimProcess
  /** Called after every step, everything settled. */
  onStep(run: () => void): void
}

interface Due {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** 2026-03-01T12:00:00Z, so that stamps look like stamps. */
const march = 1_772_366_400_000

/** So many events without time moving are a program that runs in a circle. */
const livelock = 5000

export function simTime(random: Seeded, epoch = march): SimTime {
  let now = 0
  let offset = 0
  let slept = 0
  let stuck = 0
  const jumps: { at: number; ms: number }[] = []
  const due = new Set<Due>()
  const watchers: (() => void)[] = []

  const settle = async (): Promise<void> => {
    await macrotask()
  }
  const at: SimTime['at'] = (delay, run) => {
    const event: Due = { at: now + Math.max(0, delay), order: random.next(), run }
    due.add(event)
    return { cancel: () => due.delete(event) }
  }
  const nextDue = (until: number): Due | null => {
    let first: Due | null = null
    for (const event of due) {
      if (event.at > until) continue
      if (first === null || event.at < first.at || (event.at === first.at && event.order < first.order)) first = event
    }
    return first
  }
  const step: SimTime['step'] = async (until) => {
    const event = nextDue(until)
    if (event === null) return false
    due.delete(event)
    stuck = event.at - now < 0.001 ? stuck + 1 : 0
    if (stuck > livelock) throw new Error(`${livelock} events in a row and time did not move: ${String(event.run)}`)
    now = event.at
    event.run()
    await settle()
    for (const run of watchers) run()
    return true
  }
  const time: SimTime = {
    now: () => now,
    wall: () => epoch + now + offset,
    uptime: () => now + slept,
    jump: (ms) => {
      offset += ms
      jumps.push({ at: now, ms })
    },
    suspend: (ms) => {
      slept += ms
      time.jump(ms)
    },
    jumps,
    at,
    step,
    advance: async (ms) => {
      const until = now + ms
      while (await step(until));
      now = until
    },
    runUntil: async (holds, ms) => {
      const until = now + ms
      await settle()
      while (!holds()) if (!(await step(until))) break
      if (!holds()) now = until
      return holds()
    },
    settle,
    process: (name) => simProcess(name, time, random),
    onStep: (run) => watchers.push(run),
  }
  return time
}

function simProcess(name: string, time: SimTime, random: Seeded): SimProcess {
  const born = time.now()
  // A process's monotonic clock starts near zero, so nothing that it wrote down means anything to the next one.
  const origin = random.between(20, 200)
  let alive = true
  const pending = new Set<{ readonly handle: { cancel(): void }; readonly at: number; readonly orphan: (() => void) | undefined }>()

  const after = (ms: number, run: () => void, orphan?: () => void): { cancel(): void } => {
    if (!alive) return { cancel: () => undefined }
    const handle = time.at(ms, () => {
      pending.delete(entry)
      run()
    })
    const entry = { handle, at: time.now() + ms, orphan }
    pending.add(entry)
    return {
      cancel: () => {
        pending.delete(entry)
        handle.cancel()
      },
    }
  }
  const never = <T>(): Promise<T> => new Promise<T>(() => undefined)
  const wait: SimProcess['wait'] = (ms, options = {}) => {
    if (!alive) return never()
    return new Promise<void>((resolve, reject) => {
      const { signal, orphan } = options
      const aborted = (): void => {
        waiting.cancel()
        reject(cancelled())
      }
      const waiting = after(
        ms,
        () => {
          signal?.removeEventListener('abort', aborted)
          resolve()
        },
        orphan,
      )
      if (signal?.aborted === true) aborted()
      else signal?.addEventListener('abort', aborted, { once: true })
    })
  }
  return {
    name,
    alive: () => alive,
    kill: () => {
      if (!alive) return
      alive = false
      for (const { handle, at, orphan } of pending) {
        handle.cancel()
        if (orphan && random.chance(0.5)) time.at(Math.min(at - time.now(), orphanMs), orphan)
      }
      pending.clear()
    },
    wait,
    never,
    clock: {
      now: () => origin + time.now() - born,
      wall: () => time.wall(),
      sleep: async (ms, signal) => {
        try {
          await wait(nodeDelay(ms), { signal })
        } catch (thrown) {
          // As timers/promises does it, so that whoever takes every rejection for a BerthError is found out.
          throw Object.assign(new Error('The operation was aborted', { cause: thrown }), { name: 'AbortError', code: 'ABORT_ERR' })
        }
      },
      timer: (ms, run) => after(nodeDelay(ms), run),
    },
  }
}

/** What a killed process had sent is done within this, well before the next one has started. */
const orphanMs = 100

/** Node's timers count whole milliseconds, so they are early by a part of one, and never shorter than one. */
const nodeDelay = (ms: number): number => Math.max(1, Math.trunc(ms))

/** What a wait that was aborted rejects with. */
export function cancelled(): Error {
  return fail('CANCELLED', 'The wait was ended by its caller.', { next: 'Call again if it is still wanted.' })
}

/**
 * Lets simulated time follow the machine's, for suites written against real backends. `pace` is simulated
 * milliseconds per real one.
 */
export function followRealTime(time: SimTime, pace = 1): { close(): Promise<void> } {
  let open = true
  const began = performance.now()
  const run = async (): Promise<void> => {
    while (open) {
      const behind = (performance.now() - began) * pace - time.now()
      if (behind > 0) await time.advance(behind)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  const running = run()
  return {
    close: async () => {
      open = false
      await running
    },
  }
}
