import type { Backend, EngineEvent, EngineWatch, Found, Owner } from '../../main/backends/backend.ts'
import { fail } from '../../shared/errors.ts'
import type { Progress } from '../../shared/sandbox.ts'
import { cancelled, type SimProcess } from './sim-clock.ts'
import type { SimContainer, SimWorld } from './sim-engine.ts'
import { backendKinds } from '../../shared/backends.ts'

/** A watch whose stream can be cut from outside, with or without anybody noticing at once. */
export interface SimStream {
  cut(noticedAfter: number, backAfter: number): void
}

export interface SimBackend extends Backend {
  /** Every open watch. */
  readonly streams: ReadonlySet<SimStream>
}

/** How often a watch pings; a wall clock gap makes it unhealthy until the next one. */
const pingEvery = 2000

const unreachable = () => fail('ENGINE_UNREACHABLE', 'The simulated engine does not answer', { next: 'Wait until it is back.' })

/** `Backend` over a simulated world, for one process of it; each await is a fault point before and after its effect. */
export function simBackend(world: SimWorld, options: { owner: Owner; process: SimProcess }): SimBackend {
  const { owner, process } = options
  const { time, faults, random } = world
  const streams = new Set<SimStream & { close(): void }>()
  const preparing = new Map<string, { promise: Promise<void>; callers: number; control: AbortController; reports: Set<(progress: Progress) => void> }>()
  const lag = () => random.between(...world.lag.call)

  /** One request: sent, done, answered. Killed in between, what was sent may still be done. */
  async function request<T>(op: string, effect: () => T, signal?: AbortSignal, victim?: (result: T) => SimContainer | undefined): Promise<T> {
    if (!process.alive()) return await process.never()
    if (signal?.aborted) throw cancelled()
    const before = faults.at(`${op}, before`, ['unreachable', 'slow', 'crash'])
    if (before === 'crash') process.kill()
    const orphan = () => {
      if (world.engineUp()) quietly(effect)
    }
    await process.wait(before === 'slow' ? random.between(1000, 15_000) : lag(), before === 'unreachable' ? { signal } : { signal, orphan })
    if (before === 'unreachable' || !world.engineUp()) throw unreachable()
    const result = effect()
    const after = faults.at(`${op}, after`, ['lost', 'slow', 'crash', 'dies'])
    const dying = after === 'dies' ? victim?.(result) : undefined
    if (dying) time.at(lag(), () => quietly(() => world.die(dying.ref, 1, 'fault')))
    if (after === 'crash') process.kill()
    await process.wait(after === 'slow' ? random.between(1000, 15_000) : lag())
    if (after === 'lost' || !world.engineUp()) throw unreachable()
    return result
  }

  const ours = (it: SimContainer) => it.owner?.installation === owner.installation && it.owner.home === owner.home
  const foundOf = (it: SimContainer): Found => ({
    ref: it.ref,
    name: it.name,
    state: it.state,
    owner: it.owner === null ? 'stranger' : ours(it) ? 'ours' : it.owner.installation === owner.installation ? 'other-home' : 'other-installation',
    id: it.spec?.slot === undefined ? (it.spec?.id ?? null) : null,
    user: it.spec?.slot === undefined ? (it.spec?.user ?? null) : null,
    thread: it.spec?.slot === undefined ? (it.spec?.thread ?? null) : null,
    ...(it.spec?.slot === undefined ? {} : { slot: it.spec.slot }),
    nonce: it.spec?.nonce ?? null,
    configHash: it.spec?.configHash ?? null,
    version: it.spec ? '0.0.0-sim' : null,
    image: it.spec?.image ?? null,
    createdAt: it.createdAt,
    url: it.url,
    exitCode: it.exitCode,
    mounts: it.mounts,
  })

  /** Ends with what the engine says, as the real ones do: gone already is fine. */
  async function remove(ref: string, graceSeconds: number, signal?: AbortSignal): Promise<void> {
    const present = await request('remove: look', () => world.containers.get(ref), signal)
    if (present === undefined) return
    if (present.state === 'running' && graceSeconds > 0) {
      const polite = Math.min(random.between(...world.lag.stop), graceSeconds * 1000)
      await process.wait(polite, { orphan: () => quietly(() => world.die(ref, 143, 'berth')) })
      if (!world.engineUp()) throw unreachable()
      if (world.containers.has(ref)) world.die(ref, 143, 'berth')
    }
    await request('remove', () => world.remove(ref, 'berth'))
  }

  return {
    kind: 'docker',
    isolation: 'container',
    traits: { ...backendKinds.docker, pause: true, keyless: false },
    streams,
    facts: () => request('facts', () => ({ name: 'simulated', version: '1' })),
    list: () => request('list', () => [...world.containers.values()].filter(ours).map(foundOf)),
    inspect: (name) =>
      request('inspect', () => {
        const it = world.byName(name) ?? world.containers.get(name)
        return it ? foundOf(it) : null
      }),
    prepared: (image) => request('prepared', () => world.images.has(image)),
    async prepare(image, report, signal) {
      if (signal.aborted) throw cancelled()
      let shared = preparing.get(image)
      if (shared === undefined) {
        const control = new AbortController()
        const reports = new Set<(progress: Progress) => void>()
        const pull = async () => {
          try {
            if (await request('prepare: look', () => world.images.has(image), control.signal)) return
            for (let layer = 1; layer <= 3; layer += 1) {
              await process.wait(random.between(50, 900), { signal: control.signal })
              for (const tell of reports) tell({ type: 'progress', step: 'image-pull', text: `Layer ${layer}`, done: layer, total: 3 })
            }
            await request('prepare', () => world.images.add(image), control.signal)
          } finally {
            if (preparing.get(image)?.control === control) preparing.delete(image)
          }
        }
        const promise = pull()
        // Whoever waits gets the error; this keeps it from counting as unhandled when all of them left.
        promise.catch(() => undefined)
        shared = { promise, callers: 0, control, reports }
        preparing.set(image, shared)
      }
      const joined = shared
      joined.callers += 1
      joined.reports.add(report)
      try {
        await abortable(joined.promise, signal)
      } finally {
        joined.callers -= 1
        joined.reports.delete(report)
        if (joined.callers === 0) {
          joined.control.abort()
          // Whoever comes now starts anew, and is not told that somebody else gave up.
          if (preparing.get(image) === joined) preparing.delete(image)
        }
      }
    },
    async create(spec, signal) {
      let made: SimContainer | undefined
      try {
        if (!world.images.has(spec.image)) {
          throw fail('IMAGE_MISSING', `No image ${spec.image}`, { next: 'Prepare it first.' })
        }
        const born = await request('create', () => (made = world.create(spec, owner)), signal)
        const oddity = faults.at('boot', ['never-ready', 'exits'])
        await request(
          'start',
          () => world.start(born.ref, 'berth'),
          signal,
          () => born,
        )
        if (oddity === 'never-ready') Object.assign(born, { listensAt: Infinity, usableAt: Infinity, touchedAt: time.now() })
        if (oddity === 'exits') time.at(lag() * 3, () => quietly(() => world.die(born.ref, 1, 'fault')))
        if (signal.aborted) throw cancelled()
        return foundOf(born)
      } catch (thrown) {
        // The container that this call made goes; where the engine cannot be asked, it stays, as it would for real.
        if (made) await quietlyAsync(remove(made.ref, 0))
        throw thrown
      }
    },
    remove: (ref, graceSeconds) => remove(ref, graceSeconds),
    rename: (ref, name) =>
      request(
        'rename',
        () => world.rename(ref, name),
        undefined,
        () => world.containers.get(ref),
      ),
    startedAt: (ref) => request('startedAt', () => world.containers.get(ref)?.startedAt ?? null),
    pause: (ref) =>
      request(
        'pause',
        () => world.pause(ref, 'berth'),
        undefined,
        () => world.containers.get(ref),
      ),
    unpause: (ref) =>
      request(
        'unpause',
        () => world.unpause(ref, 'berth'),
        undefined,
        () => world.containers.get(ref),
      ),
    async *logs(ref, { tail, follow, signal }) {
      const container = await request('logs', () => world.containers.get(ref), signal)
      if (container === undefined) throw fail('SANDBOX_NOT_FOUND', 'No such container', { next: 'List the sandboxes.' })
      let next = Math.max(0, container.lines.length - tail)
      for (;;) {
        for (; next < container.lines.length; next += 1) yield* container.lines.slice(next, next + 1)
        if (!follow || signal.aborted || world.containers.get(ref)?.state !== 'running') return
        await process.wait(5)
      }
    },
    watch: (listener) => {
      const stream = simStream(world, process, listener, () => streams.delete(stream))
      streams.add(stream)
      return stream
    },
    close: async () => {
      for (const stream of [...streams]) stream.close()
      await process.wait(lag())
    },
  }
}

function simStream(world: SimWorld, process: SimProcess, listener: (event: EngineEvent) => void, closed: () => void): SimStream & EngineWatch {
  const { time, random } = world
  let state: 'connecting' | 'open' | 'stalled' | 'lost' | 'closed' = 'connecting'
  let healthySince = 0
  let lastDelivery = 0
  let generation = 0

  const deliver = (event: EngineEvent) => {
    // Later events never overtake earlier ones, and a timer may be early by a part of a millisecond.
    const at = Math.max(lastDelivery + 1, time.now() + random.between(0.5, 15))
    lastDelivery = at
    const mine = generation
    process.clock.timer(at - time.now(), () => {
      if (state !== 'closed' && mine === generation) listener(event)
    })
  }
  const connect = (delay: number) => {
    process.clock.timer(delay, () => {
      if (state === 'closed' || state === 'open') return
      if (!world.engineUp()) return
      state = 'open'
      healthySince = time.now()
      deliver({ type: 'back' })
    })
  }
  const lose = (reason: string) => {
    if (state !== 'open' && state !== 'stalled') return
    state = 'lost'
    generation += 1
    lastDelivery = time.now()
    deliver({ type: 'lost', reason })
  }
  const leave = world.subscribe((event) => {
    if (state === 'closed') return
    if (event.type === 'lost') lose(event.reason)
    else if (event.type === 'back') connect(random.between(10, 1500))
    else if (state === 'open') deliver(event)
  })
  connect(random.between(1, 20))
  return {
    healthy: () => {
      if (state !== 'open' && state !== 'stalled') return false
      if (state === 'stalled' && time.now() - healthySince > 5000) return false
      const lastPing = healthySince + Math.floor((time.now() - healthySince) / pingEvery) * pingEvery
      return !world.time.jumps.some((jump) => Math.abs(jump.ms) > 5000 && jump.at >= lastPing)
    },
    close: () => {
      state = 'closed'
      leave()
      closed()
    },
    cut: (noticedAfter, backAfter) => {
      if (state !== 'open') return
      // `healthySince` now is the last ping that was answered: a silent cut is noticed 5 s after it at the latest.
      state = 'stalled'
      healthySince = time.now()
      process.clock.timer(Math.min(noticedAfter, 5000), () => {
        lose('the connection was cut')
        connect(backAfter)
      })
    },
  }
}

/** For effects on a world that may have moved on: a container that is gone cannot die any more, and that is fine. */
function quietly(run: () => unknown): void {
  try {
    run()
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown)) throw thrown
  }
}

async function quietlyAsync(promise: Promise<unknown>): Promise<void> {
  try {
    await promise
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown)) throw thrown
  }
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(cancelled())
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
