import { asBerthError, fail } from '../../shared/errors.ts'
import { listeners } from '../../shared/listeners.ts'
import type { Endpoint } from '../../shared/wire/endpoint.ts'

/** An engine that is restarted is back before this; then the shell offers to start one here. */
const offerAfterMs = 5000

/** Pause before the next look for an engine: soon at first, and never more than 2 s, as a look costs one small file. */
export function pauseAfter(tries: number): number {
  return Math.min(100 * 1.6 ** Math.min(tries, 20), 2000)
}

/** An engine that was reached, in this process or beyond a WebSocket. */
export interface Reached {
  /** Whether this process runs it. */
  readonly here: boolean
  readonly instance: string
  readonly endpoint: Endpoint
  /** Settles, with the reason, once it is gone; not by our own `close`. */
  readonly gone: Promise<string>
  /** One in this process ends, its sandboxes as said (else as `on_exit` says); an attached one goes on. */
  close(how?: { sandboxes?: 'keep' | 'destroy' }): Promise<void>
}

export type LinkState =
  | { readonly state: 'connecting' }
  | { readonly state: 'open'; readonly engine: Reached }
  /** `since`: by `now` of the link. `offer`: a person may start one here. */
  | { readonly state: 'lost'; readonly reason: string; readonly since: number; readonly offer: boolean }
  | { readonly state: 'mismatch'; readonly page: string; readonly engine: string }

export interface LinkDeps {
  /** The engine that is there; null: there is none. Throws CONTRACT_MISMATCH, and whatever else stands between. */
  attach(): Promise<Reached | null>
  /** Runs one in this process, or attaches to one that was faster. */
  startHere(): Promise<Reached>
  /** Milliseconds of a monotonic clock. */
  now(): number
  /** Gives what takes it back. */
  later(ms: number, run: () => void): () => void
  readonly version: string
}

/** The shell's one way to the engine: finds it, starts it, loses it, finds it again. */
export interface EngineLink {
  current(): LinkState
  onChange(listener: (now: LinkState) => void): () => void
  /** At boot: attaches, or starts one here. Never throws: what went wrong is the state. */
  open(): Promise<void>
  /** After a loss: starts one here. Throws what that failed with. */
  startHere(): Promise<void>
  retry(): void
  /** The engine does not answer any more, although its connection has not noticed. */
  drop(reason: string): Promise<void>
  close(how?: { sandboxes?: 'keep' | 'destroy' }): Promise<void>
}

/** The engine of this moment; throws NOT_RUNNING where there is none. */
export function endpointOf(link: Pick<EngineLink, 'current'>): Endpoint {
  const now = link.current()
  if (now.state === 'open') return now.engine.endpoint
  throw fail('NOT_RUNNING', 'Berth is not running', { next: 'It is looked for all the time; wait, or start it here.' })
}

/** Whether a person may start one in this process now. */
export function offers(state: LinkState): boolean {
  return state.state === 'lost' && state.offer
}

export function engineLink(deps: LinkDeps): EngineLink {
  let state: LinkState = { state: 'connecting' }
  let closed = false
  let tries = 0
  let starting: Promise<void> | null = null
  let takeBack: () => void = () => undefined
  const { tell, on: onChange, clear } = listeners<[now: LinkState]>()

  function become(next: LinkState): void {
    state = next
    tell(next)
  }

  async function reached(engine: Reached): Promise<void> {
    takeBack()
    tries = 0
    if (closed) return await engine.close()
    become({ state: 'open', engine })
    void engine.gone.then((reason) => {
      if (!closed && state.state === 'open' && state.engine === engine) lost(reason)
    })
  }

  function lost(reason: string): void {
    const since = deps.now()
    become({ state: 'lost', reason, since, offer: false })
    plan(0)
  }

  function plan(ms: number): void {
    takeBack()
    takeBack = deps.later(ms, () => void look())
  }

  /** One look for an engine; afterwards the next one is planned. */
  async function look(): Promise<void> {
    if (closed || starting || state.state === 'open') return
    let found: Reached | null = null
    try {
      found = await deps.attach()
    } catch (error) {
      failed(error)
    }
    if (found) return await reached(found)
    if (closed || starting || isOpen()) return
    if (state.state === 'lost' && !state.offer && deps.now() - state.since >= offerAfterMs) become({ ...state, offer: true })
    tries += 1
    plan(pauseAfter(tries))
  }

  // Behind a function: between two awaits the compiler would hold the state for unchanged.
  const isOpen = () => state.state === 'open'

  function failed(thrown: unknown): void {
    const error = asBerthError(thrown)
    if (error.code === 'CONTRACT_MISMATCH') {
      const engine = (error.details?.['theirs'] as { version?: string } | undefined)?.version ?? 'of another version'
      if (state.state !== 'mismatch' || state.engine !== engine) become({ state: 'mismatch', page: deps.version, engine })
    } else if (state.state !== 'lost') become({ state: 'lost', reason: error.message, since: deps.now(), offer: true })
    else if (state.reason !== error.message) become({ ...state, reason: error.message })
  }

  function start(): Promise<void> {
    takeBack()
    starting ??= deps
      .startHere()
      .then(reached)
      .finally(() => {
        starting = null
      })
    return starting
  }

  return {
    current: () => state,
    onChange,
    async open() {
      try {
        const there = await deps.attach()
        await (there ? reached(there) : start())
      } catch (error) {
        failed(error)
        tries = 1
        plan(pauseAfter(tries))
      }
    },
    async startHere() {
      if (state.state === 'open') return
      try {
        await start()
      } catch (error) {
        failed(error)
        plan(pauseAfter(tries))
        throw error
      }
    },
    retry() {
      if (state.state === 'lost' || state.state === 'mismatch') {
        tries = 0
        plan(0)
      }
    },
    async drop(reason) {
      if (state.state !== 'open' || state.engine.here) return
      const { engine } = state
      lost(reason)
      await engine.close()
    },
    async close(how) {
      closed = true
      takeBack()
      clear()
      // One that is just starting is ended by `reached`.
      await starting?.catch(() => undefined)
      if (state.state === 'open') await state.engine.close(how)
    },
  }
}
