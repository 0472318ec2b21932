import { type BerthError, fail } from '../../shared/errors.ts'
import type { Core } from './core.ts'
import { endSandbox } from './ending.ts'
import type { Entry } from './registry.ts'
import { type LeaseRecord, remember } from './lease-record.ts'

/**
 * A container ended without our doing. Its holders are remembered, to be told once; what is left of it is removed. One
 * that somebody held stays visible as `failed`, with the reason, until the next acquire or until it is dismissed.
 */
export function loseSandbox(core: Core, entry: Entry, reason: string): BerthError {
  const error = fail('SANDBOX_LOST', `The sandbox is gone: ${reason}`, {
    next: 'Acquire again: a new one gets the same files. Only what lies under its mounts survived.',
    details: { id: entry.id, thread: entry.thread },
  })
  const holders = entry.leases.map((lease) => lease.holder)
  const untold = new Set([...(core.untold.get(entry.id) ?? []), ...holders])
  endSandbox(core, entry, { who: 'berth:engine', cause: 'lost', grace: 0, error, visible: holders.length > 0 })
  if (holders.length > 0 && entry.thread !== null) oweWord(core, entry.id, untold, entry.replaced + 1)
  return error
}

/** These are told at their next acquire, whatever becomes of this engine until then. */
export function oweWord(core: Core, id: string, untold: ReadonlySet<string>, replaced: number, since?: Pick<LeaseRecord, 'at' | 'uptime'>): void {
  const { clock, leases } = core.deps
  const { at, uptime } = since ?? { at: clock.wall(), uptime: core.deps.uptime() }
  remember(core.untold, id, new Set(untold))
  remember(core.replacements, id, replaced)
  leases.save(id, { holders: [], at, uptime, replaced, untold: [...untold] })
}
