import { asBerthError } from '../../shared/errors.ts'
import type { Found } from '../backends/backend.ts'
import type { ProviderDeps } from './deps.ts'
import { type Entry, frozen, type Table } from './registry.ts'

/** Freezing and waking, one at a time for each container. */
export interface Pausing {
  /** Running when it resolves; whoever comes while it wakes waits for the same waking. */
  wake(entry: Entry & { sandbox: Found }): Promise<void>
  /** Freezes one that nobody uses. It counts as frozen from this tick on, so that whoever comes now wakes it. */
  freeze(entry: Entry & { sandbox: Found }): Promise<void>
  /** Whether what the engine says of its freezing is our own doing, heard late. */
  own(ref: string): boolean
  busy(): ReadonlySet<string>
}

/** The engine's events come after its answers; what is older than this is news. */
const echoMs = 1000

export function makePausing({ backend, clock }: Pick<ProviderDeps, 'backend' | 'clock'>, table: Table): Pausing {
  const waking = new Map<string, Promise<void>>()
  const freezing = new Map<string, Promise<void>>()
  const done = new Map<string, number>()

  function note({ id, sandbox }: Entry & { sandbox: Found }, is: boolean): void {
    const now = table.get(id)
    if (now?.sandbox?.ref !== sandbox.ref || (now.state !== 'active' && now.state !== 'warm' && now.state !== 'paused')) return
    table.set(
      frozen(now, is, clock.now()),
      now.state === 'active' ? undefined : { who: 'berth:idle', text: is ? 'Paused until it is next used' : 'Running again' },
    )
  }

  function settled(ref: string): void {
    done.delete(ref)
    done.set(ref, clock.now())
    for (const oldest of done.keys()) if (done.size > 200) done.delete(oldest)
  }

  async function thaw(entry: Entry & { sandbox: Found }): Promise<void> {
    const { ref } = entry.sandbox
    // Failed or not: what counts is that it runs afterwards.
    await freezing.get(ref)?.catch(() => undefined)
    await backend.unpause(ref)
    settled(ref)
    note(entry, false)
  }

  async function chill(entry: Entry & { sandbox: Found }): Promise<void> {
    const { ref } = entry.sandbox
    try {
      await backend.pause(ref)
      settled(ref)
    } catch (error) {
      settled(ref)
      note(entry, false)
      // It may be frozen all the same: whoever uses it looks.
      if (asBerthError(error).code !== 'SANDBOX_LOST') throw error
    }
  }

  function once(map: Map<string, Promise<void>>, ref: string, run: () => Promise<void>): Promise<void> {
    const known = map.get(ref)
    if (known) return known
    const running = run().finally(() => map.delete(ref))
    map.set(ref, running)
    return running
  }

  return {
    wake: (entry) => once(waking, entry.sandbox.ref, () => thaw(entry)),
    freeze: (entry) => {
      note(entry, true)
      return once(freezing, entry.sandbox.ref, () => chill(entry))
    },
    own: (ref) => waking.has(ref) || freezing.has(ref) || clock.now() - (done.get(ref) ?? -Infinity) < echoMs,
    busy: () => new Set([...waking.keys(), ...freezing.keys()]),
  }
}
