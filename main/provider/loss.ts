import { fail, type BerthError } from '../../shared/errors.ts'
import { remember, type Core } from './core.ts'
import type { Entry } from './entry.ts'
import { failed } from './registry.ts'

/**
 * A container ended without our doing. Its holders are remembered, to be told once; what is left of it is removed. One
 * that somebody held stays visible as `failed`, with the reason, until the next acquire or until it is dismissed.
 */
export function loseSandbox(core: Core, entry: Entry, reason: string): BerthError {
  const { clock, backend, publish } = core.deps
  const ref = entry.sandbox?.ref ?? null
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
  if (holders.length > 0) core.table.set(failed(entry, error, clock.now()), { who: 'berth:engine', text: error.message })
  else core.table.drop(entry.id, { who: 'berth:engine', text: error.message })
  core.deps.leases.remove(entry.id)
  if (ref !== null) {
    core.clients.ended(ref, error)
    // In the background: whatever remains is ours by label, so the next listing finds it should this fail.
    backend.remove(ref, 0).catch((cause: unknown) => {
      publish({ type: 'sandbox.stuck', who: 'berth:engine', sandbox: entry.id, text: `What is left of it could not be removed yet: ${String(cause)}` })
    })
  }
  if (entry.thread === null) {
    core.deps.discard(entry).catch((cause: unknown) => {
      publish({ type: 'sandbox.stuck', who: 'berth:engine', sandbox: entry.id, text: `Its directory could not be deleted yet: ${String(cause)}` })
    })
  }
  return error
}
