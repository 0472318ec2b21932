import { applyPatch, type House, type HouseState, type PatchOp, type SandboxRow } from '../../../shared/state.ts'
import type { Sandbox } from '../../../shared/sandbox.ts'
import type { Clock } from '../../base/clock.ts'
import type { TopicHandler, TopicSink } from '../../base/topic-handlers.ts'
import type { Changes, Sources } from './sources.ts'

export interface LiveState {
  readonly topic: TopicHandler<'state'>
  close(): void
}

interface Viewer {
  readonly sink: TopicSink<'state'>
  seq: number
  waiting: readonly PatchOp[]
}

/** Longest that a change waits for the others of its flush, in milliseconds. */
const flushMs = 50

/**
 * The `state` topic: what screens show, kept as one value and compared entity by entity, only while somebody looks. Every
 * viewer has numbers of its own; one that is slow gets the newest truth of what changed meanwhile, as the next number.
 */
export function liveState(deps: {
  clock: Clock
  provider: { peek(id: string): Sandbox | null; list(): { sandboxes: readonly Sandbox[] }; onChange(listener: (id: string | null) => void): () => void }
  house: () => House
  /** Something in the house facts may have changed. */
  houseChanges: Changes
  sources: Pick<Sources, 'commands' | 'terminals' | 'sessions'>
}): LiveState {
  const { provider, sources } = deps
  const viewers = new Set<Viewer>()
  const dirty = new Set<string>()
  let houseDirty = false
  let sessionsDirty = false
  let state: HouseState | null = null
  let following: (() => void)[] = []
  const flush = flushAfter(deps.clock, flushMs, publish)

  function rowOf(sandbox: Sandbox): SandboxRow {
    const { url: _, ...shown } = sandbox
    return {
      ...shown,
      commands: [...sources.commands.running(sandbox.id)],
      finished: [...sources.commands.finished(sandbox.id)],
      terminals: [...sources.terminals.of(sandbox.id)],
    }
  }
  const sessions = () => Object.fromEntries(sources.sessions.all().map((session) => [session.id, session]))

  function whole(): HouseState {
    return {
      house: deps.house(),
      sandboxes: Object.fromEntries(provider.list().sandboxes.map((sandbox) => [sandbox.id, rowOf(sandbox)])),
      sessions: sessions(),
    }
  }

  function follow(): void {
    const sandbox = (id: string | null) => {
      if (id !== null) dirty.add(id)
      // What capacity counts may be another number now.
      houseDirty = true
      flush.ask()
    }
    following = [
      provider.onChange(sandbox),
      sources.commands.onChange(sandbox),
      sources.terminals.onChange(sandbox),
      deps.houseChanges(() => {
        houseDirty = true
        flush.ask()
      }),
      sources.sessions.onChange(() => {
        sessionsDirty = true
        flush.ask()
      }),
    ]
  }

  function changes(before: HouseState): PatchOp[] {
    const ops: PatchOp[] = []
    for (const id of dirty) {
      const now = provider.peek(id)
      const row = now && rowOf(now)
      if (row === null) {
        if (before.sandboxes[id]) ops.push({ op: 'sandbox_gone', id })
      } else if (!same(row, before.sandboxes[id])) ops.push({ op: 'sandbox', value: row })
    }
    if (sessionsDirty) {
      const now = sessions()
      for (const session of Object.values(now)) if (!same(session, before.sessions[session.id])) ops.push({ op: 'session', value: session })
      for (const id of Object.keys(before.sessions)) if (!now[id]) ops.push({ op: 'session_gone', id })
    }
    if (houseDirty) {
      const now = deps.house()
      if (!sameHouse(now, before.house)) ops.push({ op: 'house', value: now })
    }
    dirty.clear()
    sessionsDirty = false
    houseDirty = false
    return ops
  }

  function publish(): void {
    if (!state) return
    const ops = changes(state)
    if (ops.length === 0) return
    state = applyPatch(state, ops)
    for (const viewer of viewers) {
      viewer.waiting = merged(viewer.waiting, ops)
      deliver(viewer)
    }
  }

  function deliver(viewer: Viewer): void {
    if (viewer.waiting.length === 0 || !viewer.sink.room()) return
    const ops = [...viewer.waiting]
    viewer.waiting = []
    viewer.seq += 1
    viewer.sink.send({ type: 'patch', seq: viewer.seq, ops })
  }

  function leave(viewer: Viewer): void {
    if (!viewers.delete(viewer) || viewers.size > 0) return
    for (const end of following) end()
    following = []
    state = null
    dirty.clear()
  }

  return {
    topic(_args, sink) {
      if (state) publish()
      else {
        follow()
        state = whole()
      }
      const viewer: Viewer = { sink, seq: 1, waiting: [] }
      viewers.add(viewer)
      // The engine's clock as it is for this viewer: countdowns are counted from it.
      sink.send({ type: 'snapshot', seq: viewer.seq, state: { ...state, house: { ...state.house, now: new Date(deps.clock.wall()).toISOString() } } })
      sink.onRoom(() => deliver(viewer))
      return { close: () => leave(viewer) }
    },
    close() {
      flush.close()
      for (const viewer of [...viewers]) {
        viewer.sink.end(null)
        leave(viewer)
      }
    },
  }
}

/** Which entity an op is about: the newest of one replaces all before it. */
export function entityOf(op: PatchOp): string {
  switch (op.op) {
    case 'house':
      return 'house'
    case 'sandbox':
      return `sandbox ${op.value.id}`
    case 'sandbox_gone':
      return `sandbox ${op.id}`
    case 'session':
      return `session ${op.value.id}`
    case 'session_gone':
      return `session ${op.id}`
  }
}

/** The ops that a subscriber without room has still to get: only the newest of each entity. */
export function merged(waiting: readonly PatchOp[], more: readonly PatchOp[]): readonly PatchOp[] {
  if (waiting.length === 0) return more
  const newest = new Map<string, PatchOp>()
  for (const op of [...waiting, ...more]) {
    const entity = entityOf(op)
    newest.delete(entity)
    newest.set(entity, op)
  }
  return [...newest.values()]
}

/** Whether two values would look the same to a screen. They are made by the same code, so the order of their keys is the same. */
function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

/** The engine's clock goes on in it, which alone is no news. */
function sameHouse(a: HouseState['house'], b: HouseState['house']): boolean {
  return same({ ...a, now: '' }, { ...b, now: '' })
}

/** Runs a piece of work soon after it was asked for, once however often that was. */
export interface Flush {
  ask(): void
  close(): void
}

/** What belongs together is asked for within this; after a quiet time nobody waits longer. */
const gatherMs = 5

/** At most once in `ms`, which is the longest that anything waits; after a quiet time almost at once. */
export function flushAfter(clock: Clock, ms: number, work: () => void): Flush {
  let timer: { cancel(): void } | null = null
  let closed = false
  let last = -Infinity
  return {
    ask() {
      if (closed || timer) return
      timer = clock.timer(Math.max(Math.min(gatherMs, ms), last + ms - clock.now()), () => {
        timer = null
        last = clock.now()
        work()
      })
    },
    close() {
      closed = true
      timer?.cancel()
      timer = null
    },
  }
}

/** Gathers items for one subscriber: sent together soon after, the oldest dropped and counted where it does not keep up. */
export interface Batches<Item> {
  add(item: Item): void
  /** Sends what waits, as far as there is room. True: nothing waits any more. */
  deliver(): boolean
  close(): void
}

export function batches<Item>(deps: {
  clock: Clock
  ms: number
  /** Items that wait at most. */
  most: number
  /** Items of one message at most. */
  chunk: number
  room: () => boolean
  send: (items: Item[], dropped: number) => void
}): Batches<Item> {
  let waiting: Item[] = []
  let dropped = 0
  const flush = flushAfter(deps.clock, deps.ms, () => void deliver())

  function deliver(): boolean {
    while (waiting.length > 0 && deps.room()) {
      const items = waiting.length <= deps.chunk ? waiting : waiting.slice(0, deps.chunk)
      waiting = waiting.length <= deps.chunk ? [] : waiting.slice(deps.chunk)
      const lost = dropped
      dropped = 0
      deps.send(items, lost)
    }
    return waiting.length === 0
  }

  return {
    add(item) {
      waiting.push(item)
      // In blocks: a shift of the whole array for each item would be the dearest part.
      if (waiting.length >= deps.most + deps.chunk) {
        dropped += deps.chunk
        waiting = waiting.slice(deps.chunk)
      }
      flush.ask()
    },
    deliver,
    close: () => flush.close(),
  }
}
