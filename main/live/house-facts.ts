import type { BerthEvent } from '../../shared/event.ts'
import type { Config } from '../../shared/config.ts'
import type { House } from '../../shared/state.ts'
import type { Clock } from '../clock.ts'
import type { Events } from '../events/events.ts'
import type { Provider } from '../provider/provider-api.ts'
import type { Changes, Sources } from './sources.ts'

export interface HouseFacts {
  now(): House
  readonly onChange: Changes
  close(): void
}

/** The engine as a whole, gathered from its parts. Nothing is measured for it: all of it is known when asked. */
export function houseFacts(deps: {
  clock: Clock
  events: Pick<Events, 'subscribe' | 'recent'>
  fixed: Pick<House, 'version' | 'instance' | 'pid' | 'started_at' | 'home' | 'token_file' | 'command' | 'home_option' | 'platform'>
  addresses: () => Pick<House, 'url' | 'sandbox_port'>
  tally: () => { replicas: number; counted: number; waiting: number }
  next: Provider['next']
  config: () => Config
  configFile: () => House['config']
  warnings: () => readonly string[]
  shuttingDown: () => boolean
  sources: Pick<Sources, 'image' | 'backend' | 'slots'>
}): HouseFacts {
  const { sources } = deps
  const listeners = new Set<() => void>()
  const changed = () => {
    for (const listener of listeners) listener()
  }
  let last: BerthEvent | null = deps.events.recent({ limit: 1 }).events[0] ?? null
  const heard = deps.events.subscribe((event) => {
    last = event
    changed()
  })
  const ends = [sources.image.onChange(changed), sources.backend.onChange(changed), sources.slots.onChange(changed)]
  return {
    now() {
      const config = deps.config()
      const backend = sources.backend.state()
      return {
        ...deps.fixed,
        ...deps.addresses(),
        backend,
        image: sources.image.state(),
        ...deps.tally(),
        next: deps.next(backend.kind === 'none' ? 'none' : backend.reachable ? 'there' : 'away'),
        capacity_mode: config.capacity.mode,
        idle_timeout: config.idle_timeout,
        spares: { wanted: sources.slots.wanted(), slots: [...sources.slots.all()], off: sources.slots.off() },
        on_exit: config.on_exit,
        config: deps.configFile(),
        warnings: [...deps.warnings()],
        shutting_down: deps.shuttingDown(),
        last_event: last,
        now: new Date(deps.clock.wall()).toISOString(),
      }
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close() {
      heard.close()
      for (const end of ends) end()
      listeners.clear()
    },
  }
}
