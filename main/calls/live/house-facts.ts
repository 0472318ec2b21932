import type { CallResult } from '../../../shared/contract.ts'
import { asBerthError } from '../../../shared/errors.ts'
import type { BerthEvent } from '../../../shared/events.ts'
import type { Config } from '../../../shared/config.ts'
import type { Progress } from '../../../shared/sandbox.ts'
import { listeners } from '../../../shared/listeners.ts'
import type { House } from '../../../shared/state.ts'
import type { Backend } from '../../backends/backend.ts'
import type { Clock } from '../../base/clock.ts'
import type { Events } from '../../house/events/events.ts'
import type { Provider } from '../../core/provider-api.ts'
import type { ImageState } from '../../../shared/image.ts'
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
  /** null: this backend needs no image. */
  image: { state(): ImageState | null; readonly onChange: Changes }
  backend: { state(): House['backend']; readonly onChange: Changes }
  slots: Sources['slots']
}): HouseFacts {
  const { image, backend, slots } = deps
  const { tell: changed, on: onChange, clear } = listeners()
  let last: BerthEvent | null = deps.events.recent({ limit: 1 }).events[0] ?? null
  const heard = deps.events.subscribe((event) => {
    last = event
    changed()
  })
  const ends = [image.onChange(changed), backend.onChange(changed), slots.onChange(changed)]
  return {
    now() {
      const config = deps.config()
      const runs = backend.state()
      return {
        ...deps.fixed,
        ...deps.addresses(),
        backend: runs,
        image: image.state(),
        ...deps.tally(),
        next: deps.next(runs.reachable),
        capacity_mode: config.capacity.mode,
        idle_timeout: config.idle_timeout,
        spares: { wanted: slots.wanted(), slots: [...slots.all()], off: slots.off() },
        on_exit: config.on_exit,
        config: deps.configFile(),
        warnings: [...deps.warnings()],
        shutting_down: deps.shuttingDown(),
        last_event: last,
        now: new Date(deps.clock.wall()).toISOString(),
      }
    },
    onChange,
    close() {
      heard.close()
      for (const end of ends) end()
      clear()
    },
  }
}

/** The `status` call: the same facts, but what the backend can say is asked of it now. */
export async function statusOf(deps: {
  house: House
  backend: Pick<Backend, 'traits' | 'isolation' | 'facts' | 'prepared'>
  provider: Pick<Provider, 'list' | 'spares' | 'next'>
  /** Of the image, with its layers. */
  progress: Progress | null
  config: Config
}): Promise<CallResult<'status'>> {
  const { house, backend, provider } = deps
  const image = backend.traits.images === 'configured' ? deps.config.image : null
  const asked = await backend.facts().then(
    (it) => ({ reachable: true, engine: `${it.name} ${it.version}`, problem: null }),
    (error: unknown) => ({ reachable: false, engine: null, problem: asBerthError(error).message }),
  )
  const present = asked.reachable && (image === null || (await backend.prepared(image)))
  const counts: Record<string, number> = {}
  for (const { status } of provider.list().sandboxes) counts[status] = (counts[status] ?? 0) + 1
  const { version, instance, pid, started_at, home, replicas, warnings } = house
  const { kind, chosen, reason } = house.backend
  return {
    version,
    instance,
    pid,
    started_at,
    home,
    counts,
    replicas,
    warnings,
    backend: { kind, chosen, reason, isolation: backend.isolation, ...asked },
    image: { name: image, present, progress: deps.progress },
    slots: provider.spares(),
    next: provider.next(asked.reachable),
  }
}
