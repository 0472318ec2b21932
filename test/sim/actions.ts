import { seeded, type Seeded } from '../support/seeded.ts'
import type { Fault } from '../support/sim-faults.ts'

export interface Settings {
  readonly mode: 'soft' | 'queue' | 'reject'
  readonly replicas: number
  /** Seconds, as in the configuration. */
  readonly idle: number
  readonly pauseAfter: number
  readonly spares: number | 'auto'
  readonly acquireTimeout: number
  readonly grace: number
  /** Whether this machine has a clock that no wall jump moves. */
  readonly uptime: boolean
  readonly faultRate: number
  readonly faults: readonly Fault[] | null
}

/** `pick` chooses among what is there when the action comes. */
export type Action =
  | { readonly do: 'acquire'; readonly user: string; readonly thread: string | null; readonly holder: string; readonly abortAfter: number | null }
  | { readonly do: 'release'; readonly pick: number }
  | { readonly do: 'hint'; readonly user: string; readonly thread: string }
  | { readonly do: 'destroy'; readonly user: string; readonly thread: string; readonly onlyIfUnheld: boolean }
  | { readonly do: 'exec'; readonly pick: number; readonly command: string }
  | { readonly do: 'write'; readonly pick: number }
  | { readonly do: 'outsider'; readonly pick: number; readonly verb: 'kill' | 'pause' | 'unpause' | 'remove' | 'restart' | 'hang' }
  | { readonly do: 'stranger'; readonly user: string; readonly thread: string; readonly leavesAfter: number }
  | { readonly do: 'engine'; readonly downFor: number; readonly killing: boolean }
  | { readonly do: 'stream'; readonly noticedAfter: number; readonly backAfter: number }
  | { readonly do: 'jump' | 'suspend'; readonly ms: number }
  | { readonly do: 'crash'; readonly after: number }
  | { readonly do: 'close'; readonly destroy: boolean }
  | { readonly do: 'shutdown'; readonly reopen: boolean }
  | { readonly do: 'upgrade' }
  | { readonly do: 'wait' }

export interface Step {
  readonly action: Action
  /** Simulated milliseconds until the next one. */
  readonly wait: number
}

export interface History {
  readonly seed: number
  readonly settings: Settings
  readonly steps: readonly Step[]
}

const users = ['default', 'ann']
const threads = ['t1', 't2', 't3', 't4', 't5', 't6']
const holders = ['h1', 'h2', 'h3']

/** The whole history is drawn before any of it runs, so that a part can be left out and the rest stays as it is. */
export function generate(seed: number): History {
  const random = seeded(seed).fork('history')
  // Some histories are calm, so that much can be demanded of them; the others have one or more kinds of trouble.
  const calm = random.chance(0.25)
  const trouble = {
    outsider: !calm && random.chance(0.6),
    engine: !calm && random.chance(0.35),
    crash: !calm && random.chance(0.5),
    time: !calm && random.chance(0.3),
  }
  const kinds: readonly Fault[] = ['unreachable', 'slow', 'lost', 'dies', 'hangs', 'reset', 'full', 'broken', 'never-ready', 'exits']
  const settings: Settings = {
    mode: random.pick(['soft', 'queue', 'reject']),
    replicas: random.int(1, 4),
    idle: random.pick([20, 60, 60, 0]),
    pauseAfter: random.pick([0, 2, 15]),
    spares: random.pick([0, 1, 1, 2, 'auto']),
    acquireTimeout: random.pick([5, 30]),
    grace: random.pick([0, 1, 3]),
    uptime: random.chance(0.7),
    faultRate: calm ? 0 : random.pick([0, 0.005, 0.02, 0.06]),
    faults: random.chance(0.3) ? null : trouble.crash ? [...kinds.filter(() => random.chance(0.4)), 'crash'] : kinds.filter(() => random.chance(0.5)),
  }
  const crowd = random.int(1, threads.length)
  const steps: Step[] = []
  const count = random.int(8, 40)
  for (let at = 0; at < count; at += 1) steps.push({ action: action(random, crowd, trouble, settings), wait: pause(random, settings) })
  return { seed, settings: trouble.crash ? settings : { ...settings, faults: (settings.faults ?? kinds).filter((kind) => kind !== 'crash') }, steps }
}

function pause(random: Seeded, settings: Settings): number {
  const kind = random.next()
  if (kind < 0.35) return random.between(0, 3)
  if (kind < 0.7) return random.between(3, 600)
  if (kind < 0.93) return random.between(600, 8000)
  return settings.idle === 0 ? random.between(8000, 90_000) : settings.idle * random.between(400, 2500)
}

function action(random: Seeded, crowd: number, trouble: Record<'outsider' | 'engine' | 'crash' | 'time', boolean>, settings: Settings): Action {
  const user = random.chance(0.8) ? 'default' : random.pick(users)
  const thread = random.pick(threads.slice(0, crowd))
  const pick = random.int(0, 1000)
  const kind = random.int(0, 99)
  if (kind < 36) {
    return {
      do: 'acquire',
      user,
      thread: random.chance(0.12) ? null : thread,
      holder: random.pick(holders),
      abortAfter: random.chance(0.2) ? random.between(0, 700) : null,
    }
  }
  if (kind < 39) return { do: 'hint', user, thread }
  if (kind < 54) return { do: 'release', pick }
  if (kind < 59) return { do: 'destroy', user, thread, onlyIfUnheld: random.chance(0.3) }
  if (kind < 66) {
    const seconds = random.pick([0.05, 1, 10, settings.idle * 1.5]).toFixed(2)
    return { do: 'exec', pick, command: random.pick([`sleep ${seconds}`, `background ${seconds}`, 'fail 3', 'hello there']) }
  }
  if (kind < 72) return { do: 'write', pick }
  if (kind < 80) {
    if (!trouble.outsider) return { do: 'wait' }
    if (random.chance(0.15)) return { do: 'stranger', user, thread, leavesAfter: random.between(100, 20_000) }
    return { do: 'outsider', pick, verb: random.pick(['kill', 'kill', 'pause', 'unpause', 'remove', 'restart', 'hang']) }
  }
  if (kind < 86) {
    if (!trouble.engine) return { do: 'wait' }
    if (random.chance(0.4)) return { do: 'engine', downFor: random.between(50, 20_000), killing: random.chance(0.4) }
    return { do: 'stream', noticedAfter: random.between(0, 5000), backAfter: random.between(10, 4000) }
  }
  if (kind < 90) {
    if (!trouble.time) return { do: 'wait' }
    return random.chance(0.5) ? { do: 'jump', ms: random.between(-7_200_000, 7_200_000) } : { do: 'suspend', ms: random.between(1000, 7_200_000) }
  }
  if (kind < 94) return trouble.crash ? { do: 'crash', after: random.between(0, 800) } : { do: 'wait' }
  if (kind < 96) return { do: 'close', destroy: random.chance(0.5) }
  if (kind < 98) return { do: 'shutdown', reopen: random.chance(0.7) }
  return random.chance(0.5) ? { do: 'upgrade' } : { do: 'wait' }
}
