import type { EngineWatch, Found } from '../backends/backend.ts'
import { orAborted } from '../../shared/abort.ts'
import type { AcquirePath } from '../../shared/sandbox.ts'
import type { Clients } from './clients.ts'
import type { ProviderDeps } from './deps.ts'
import type { Entry, Table } from './registry.ts'
import type { Flights } from './flights.ts'
import type { Gate } from '../base/gate.ts'
import type { HolderNames } from './lease-record.ts'
import type { ImageNow } from './image-now.ts'
import type { Slots } from './slots-api.ts'
import type { Tickets } from './tickets.ts'
import type { Pausing } from './wake.ts'
import { fail } from '../../shared/errors.ts'
import type { Clock } from '../base/clock.ts'

/** How a flight ended: which way it went, and what was said on the way. */
export interface Landing {
  readonly path: AcquirePath
  readonly warnings: readonly string[]
}

export interface Ending {
  /** The first try: rejects when the engine could not be told; tries go on until it says gone. */
  readonly first: Promise<void>
  readonly gone: Promise<void>
}

/** What the parts of the provider share. Made once in provider.ts, which owns and closes all of it. */
export interface Core {
  readonly deps: ProviderDeps
  /** A monotonic stamp as epoch milliseconds. */
  readonly stampOf: (mono: number) => number
  readonly table: Table
  readonly flights: Flights<Landing>
  readonly clients: Clients
  readonly tickets: Tickets
  /** Images that the engine has had. */
  readonly images: Set<string>
  readonly image: ImageNow
  /** How many sandboxes start at the same time. */
  readonly starts: Gate
  /** Replaced at (re)connect; absent until the watch began. */
  readonly watch: { current: EngineWatch | null }
  readonly endings: Map<string, Ending>
  /** Containers of ours that no entry stands for, by the engine's id: being removed, or (null) to be tried again. */
  readonly strays: Map<string, Promise<void> | null>
  /** The same for slots that were nobody's: they take no place of `replicas`. */
  readonly staleSpares: Map<string, Promise<void> | null>
  /** Holders to be told once that their sandbox was replaced. */
  readonly untold: Map<string, Set<string>>
  /** How often each id was replaced, kept across the gap between the loss and the next acquire. */
  readonly replacements: Map<string, number>
  /** Set once, when all of the rest is there; null: this home has none, ever. */
  slots: Slots | null
  /** Claimed containers on their way to their thread's name, by the engine's id: the try under way. */
  readonly naming: Map<string, Promise<void>>
  /** Threads with files in a slot that could not be brought back yet, and which slot. */
  readonly stuck: Map<string, string>
  readonly pausing: Pausing
  readonly names: HolderNames
  readonly save: (entry: Entry) => void
  /** Ends what is kept warm beyond `replicas`: when something became warm, or the number changed. */
  readonly trim: () => void
}

/** The name a sandbox has on the engine. */
export const nameOf = (core: Core, id: string): string => `${core.deps.config().container_prefix}-${id}`

/**
 * Warm and made under another configuration or version, of another image under the same name, or with other extra mounts
 * than are wanted now: replaced instead of handed out. `extras`: their hash, null for whoever does not care.
 */
export function outdated(core: Core, found: Pick<Found, 'configHash'>, extras: string | null): boolean {
  const [base, has = '', image = ''] = (found.configHash ?? '').split('.')
  if (base !== core.deps.configHash() || (extras !== null && has !== extras)) return true
  const now = core.image.mark()
  return image !== '' && now !== '' && image !== now
}

/** What stands in the label of a container: the configuration's hash, that of its extra mounts, and which image its name meant. */
export const hashWith = (core: Core, extras: string): string => [core.deps.configHash(), extras, core.image.mark()].join('.').replace(/\.+$/, '')

/** An unanswered first listing holds a caller up for this long at most. */
const waitMs = 20_000

export interface Beginning {
  /** First look at the engine; done already in the normal case. */
  begin(): Promise<void>
}

/** Resolves once it is known what runs on the engine; throws STARTING when that takes too long, or what the look threw. */
export async function untilBegun(clock: Clock, beginning: Beginning, signal: AbortSignal): Promise<void> {
  const late = new AbortController()
  const timer = clock.timer(waitMs, () =>
    late.abort(fail('STARTING', 'Berth has not yet seen what runs on the engine', { next: 'Try again in a few seconds.' })),
  )
  try {
    await orAborted(beginning.begin(), AbortSignal.any([signal, late.signal]))
  } finally {
    timer.cancel()
  }
}
