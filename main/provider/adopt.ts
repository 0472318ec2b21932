import { asBerthError } from '../../shared/errors.ts'
import type { Found } from '../backends/backend.ts'
import { proveReady } from './birth.ts'
import type { Core, Landing } from './core.ts'
import { endSandbox } from './ending.ts'
import type { Entry } from './entry.ts'
import type { Flight } from './flights.ts'
import { leasesOf, stampedAt, type LeaseRecord } from './lease-record.ts'
import { oweWord } from './loss.ts'
import { obtain } from './obtain.ts'
import { creating, held, started } from './registry.ts'
import { remember } from './remember.ts'
import { adoptable } from './slot-recovery.ts'

/**
 * A running container of ours that memory does not know: after a restart, or after the event stream was lost. It is
 * proven to answer first; meanwhile an acquire of its thread waits in the same flight. One that never answers goes.
 */
export async function adopt(core: Core, listed: Found, record: LeaseRecord | undefined, flight: Flight<Landing>): Promise<Landing> {
  const { deps } = core
  const { clock } = deps
  const { id, user, thread } = listed
  let found = listed
  if (id === null || user === null) return { path: 'found', warnings: [] }
  const before = core.table.get(id)
  for (const { holder, name } of record?.holders ?? []) if (name !== undefined) core.names.set(holder, name)
  if (record?.untold) remember(core.untold, id, new Set(record.untold))
  core.table.set(
    { ...creating({ id, user, thread, client: record?.client ?? null, name: found.name }, clock.now(), clock.wall(), before), replaced: record?.replaced ?? before?.replaced ?? 0, sandbox: found, nonce: found.nonce },
    { who: 'berth:reconcile', text: 'A running sandbox was found' },
  )
  const settled = () => {
    const now = core.table.get(id)
    if (now?.state !== 'creating') return null
    const at = record ? Math.min(stampedAt(record, clock, deps.uptime()), clock.now()) : clock.now()
    const entry = started(now, { ...found, state: 'running' }, clock.now(), record ? leasesOf(record, clock.now()) : [], at)
    // Warm for as long as it had been: a crash loop must not keep it for ever.
    return { ...entry, since: Math.min(entry.since, at) }
  }
  try {
    found = await outlast(core, flight.signal, () => adoptable(core, listed))
    if (found !== listed) core.table.set({ ...creating({ id, user, thread, client: record?.client ?? null, name: found.name }, clock.now(), clock.wall(), core.table.get(id)), replaced: record?.replaced ?? before?.replaced ?? 0, sandbox: found, nonce: found.nonce })
    if (found.state === 'paused') await deps.backend.unpause(found.ref)
    await proveReady(core, found, flight.signal)
  } catch (error) {
    const now = core.table.get(id)
    // Berth closes: whether it stays is decided there, like for any other.
    const left = flight.signal.aborted ? settled() : null
    if (left) core.table.set(left)
    else if (now?.state === 'creating') {
      await endSandbox(core, now, { who: 'berth:reconcile', text: asBerthError(error).message, grace: 0 }).first.catch(() => undefined)
      const holders = record && thread !== null ? leasesOf(record, clock.now()).map(({ holder }) => holder) : []
      if (holders.length > 0) oweWord(core, id, new Set([...(core.untold.get(id) ?? []), ...holders]), now.replaced + 1)
    }
    // Whoever waits for this thread is not to suffer for what somebody did to a container: it starts anew.
    if (asBerthError(error).code === 'IDENTITY_CONFLICT' && flight.holders().length > 0) return await obtain(core, { id, user, thread, client: record?.client ?? null }, flight)
    throw error
  }
  let entry: Entry | null = settled()
  if (entry === null) return { path: 'found', warnings: [] }
  for (const holder of flight.holders()) entry = held(entry, holder, clock.now(), clock.wall())
  core.table.set(entry, { who: 'berth:reconcile', text: entry.leases.length > 0 ? 'It is in use as before' : 'It is warm' })
  core.save(entry)
  const landing: Landing = { path: 'found', warnings: [] }
  flight.land(landing)
  return landing
}

/** For how long an engine or a disk that does not answer is asked again: unknown is not gone. */
const outageMs = 10_000
/** Answers, after which nothing need be asked again. */
const known: ReadonlySet<string> = new Set(['IDENTITY_CONFLICT', 'NAME_TAKEN', 'SANDBOX_LOST', 'INTERNAL'])

async function outlast<T>(core: Core, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  const { clock } = core.deps
  for (const began = clock.now(); ; ) {
    try {
      return await ask()
    } catch (error) {
      if (known.has(asBerthError(error).code) || signal.aborted || clock.now() - began > outageMs) throw error
      await clock.sleep(200, signal)
    }
  }
}
