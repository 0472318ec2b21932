import { asBerthError } from '../../shared/errors.ts'
import type { Found } from '../backends/backend.ts'
import { proveReady } from './birth.ts'
import type { Core, Landing } from './core.ts'
import type { Flight } from './flights.ts'
import { stampedAt, type LeaseRecord } from './lease-record.ts'
import { creating, held, started } from './registry.ts'

/**
 * A running container of ours that memory does not know: after a restart, or after the event stream was lost. It is
 * proven to answer first; meanwhile an acquire of its thread waits in the same flight. One that never answers goes.
 */
export async function adopt(core: Core, found: Found, record: LeaseRecord | undefined, flight: Flight<Landing>): Promise<Landing> {
  const { deps } = core
  const { clock } = deps
  const { id, user, thread } = found
  if (id === null || user === null) return { path: 'found', warnings: [] }
  const before = core.table.get(id)
  core.table.set(
    { ...creating({ id, user, thread, name: found.name }, clock.now(), clock.wall(), before), replaced: record?.replaced ?? before?.replaced ?? 0 },
    { who: 'berth:reconcile', text: 'A running sandbox was found' },
  )
  try {
    if (found.state === 'paused') await deps.backend.unpause(found.ref)
    await proveReady(core, found, flight.signal, true)
  } catch (error) {
    core.table.drop(id, { who: 'berth:reconcile', text: `It was removed: ${asBerthError(error).message}` })
    deps.leases.remove(id)
    if (thread === null) await deps.discard({ id, user, thread })
    throw error
  }
  const now = core.table.get(id)
  if (now === undefined) return { path: 'found', warnings: [] }
  const uptime = deps.uptime()
  const at = record ? Math.min(stampedAt(record, clock, uptime), clock.now()) : clock.now()
  let entry = started(now, { ...found, state: 'running' }, clock.now(), record?.holders ?? [], at)
  // Warm for as long as it had been: a crash loop must not keep it for ever.
  entry = { ...entry, since: Math.min(entry.since, at) }
  for (const holder of flight.holders()) entry = held(entry, holder, clock.now(), clock.wall())
  core.table.set(entry, { who: 'berth:reconcile', text: entry.leases.length > 0 ? 'It is in use as before' : 'It is warm' })
  core.save(entry)
  const landing: Landing = { path: 'found', warnings: [] }
  flight.land(landing)
  return landing
}
