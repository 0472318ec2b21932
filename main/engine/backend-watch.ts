import type { House } from '../../shared/state.ts'
import { asBerthError } from '../../shared/errors.ts'
import { listeners } from '../../shared/listeners.ts'
import type { Backend } from '../backends/backend.ts'
import type { Choice } from './open-backend.ts'
import type { Clock } from '../base/clock.ts'
import type { EngineOutlook } from '../doctor/engine-advice.ts'
import type { Events } from '../house/events/events.ts'
import type { Changes } from '../calls/live/sources.ts'
import type { Log } from '../base/log.ts'

export interface BackendWatch {
  readonly source: { state(): House['backend']; readonly onChange: Changes }
  /** Looks now. */
  retry(): Promise<{ reachable: boolean; problem: string | null }>
  /** A better backend than this one, by name; null: none. */
  better(): string | null
  close(): void
}

/** Where nothing works yet, a person waits for it; where something works, a better one may take its time. Milliseconds. */
const missingMs = 3000
const betterMs = 10_000

/**
 * Follows what this engine works with. A container engine tells by its own event stream when it is lost and back; where it
 * was never there, or something better might come, this machine is looked at again and again. `onFound`: nothing worked,
 * and something does now.
 */
export function watchBackend(deps: {
  choice: Choice
  backend: Backend
  events: Pick<Events, 'subscribe'>
  clock: Clock
  outlook: (options: { bubblewrap: boolean }) => Promise<EngineOutlook>
  log: Log
  onFound: () => void
}): BackendWatch {
  const { choice, backend, clock } = deps
  const { tell: changed, on: onChange } = listeners()
  let facts: Pick<House['backend'], 'reachable' | 'engine' | 'problem'> = { reachable: backend.kind !== 'none', engine: null, problem: null }
  let seen: EngineOutlook | null = null
  let timer: { cancel(): void } | null = null
  let closed = false
  let blind = false
  let looking: Promise<void> | null = null

  async function ask(): Promise<void> {
    try {
      const { name, version } = await backend.facts()
      facts = { reachable: true, engine: `${name} ${version}`, problem: null }
      if (backend.kind === 'docker') seen = null
    } catch (error) {
      facts = { reachable: false, engine: facts.engine, problem: asBerthError(error).message }
    }
    const asksOthers = (backend.kind === 'docker' && !facts.reachable) || backend.kind === 'none' || (backend.kind === 'embedded' && choice.chosen === 'auto')
    try {
      if (asksOthers && !closed) seen = await deps.outlook({ bubblewrap: backend.kind === 'none' })
    } catch (error) {
      // Once is enough: it is looked at every few seconds.
      if (!blind) deps.log('warn', 'What this machine could run sandboxes with cannot be looked at', error)
      blind = true
    }
    if (closed) return
    changed()
    if (backend.kind === 'none' && seen && (seen.engine !== null || seen.isolation)) deps.onFound()
  }

  /** One look at a time; whoever comes meanwhile gets the same. */
  function look(): Promise<void> {
    timer?.cancel()
    looking ??= ask().finally(() => {
      looking = null
      if (closed) return
      const waits = backend.kind === 'none' || !facts.reachable ? missingMs : backend.kind === 'embedded' && choice.chosen === 'auto' ? betterMs : null
      if (waits !== null) timer = clock.timer(waits, () => void look())
    })
    return looking
  }

  const heard = deps.events.subscribe((event) => {
    if (event.type === 'engine.lost' || event.type === 'engine.back') void look()
  })
  void look()

  const better = () => (backend.kind === 'embedded' && choice.chosen === 'auto' ? (seen?.engine ?? null) : null)
  return {
    source: {
      state: () => ({
        ...choice,
        isolation: backend.kind === 'none' ? null : backend.isolation,
        ...facts,
        fixes: facts.reachable && backend.kind !== 'embedded' ? [] : [...(seen?.fixes ?? [])],
        better: better(),
      }),
      onChange,
    },
    async retry() {
      await looking
      await look()
      return { reachable: facts.reachable, problem: facts.problem }
    },
    better,
    close() {
      closed = true
      timer?.cancel()
      heard.close()
    },
  }
}
