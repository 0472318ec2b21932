import { fail, type BerthError } from '../../shared/errors.ts'
import { remember, type Core } from './core.ts'
import { endSandbox } from './ending.ts'
import type { Entry } from './entry.ts'

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
  if (holders.length > 0 && entry.thread !== null) {
    const untold = core.untold.get(entry.id) ?? new Set()
    for (const holder of holders) untold.add(holder)
    remember(core.untold, entry.id, untold)
    remember(core.replacements, entry.id, entry.replaced + 1)
  }
  endSandbox(core, entry, { who: 'berth:engine', type: 'sandbox.lost', text: error.message, grace: 0, error, visible: holders.length > 0 })
  return error
}
