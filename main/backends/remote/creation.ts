import type { Clock } from '../../clock.ts'
import type { SandboxSpec } from '../backend.ts'
import { cancelled, nameTaken } from './errors.ts'
import type { Provisioner } from './provisioner.ts'
import type { Records, RemoteRecord } from './records.ts'
import type { Row, WireNames } from './wire.ts'

/** An order that nobody wants any more: its answer is waited for this long, as a DELETE must not overtake it. */
const overtakeMs = 5_000
const listMs = 10_000

export interface CreationDeps {
  readonly provisioner: Provisioner
  readonly records: Records
  readonly names: WireNames
  readonly clock: Clock
  readonly version: string
  /** Whether an id may still be that of a pod on its way out. */
  readonly justEnded: (wireId: string) => boolean
  /** Deletes and waits until it is gone; drops the record. */
  readonly end: (wireId: string) => Promise<void>
}

export interface Made { readonly wireId: string; readonly record: RemoteRecord; readonly row: Row }

/**
 * Orders one sandbox. The record is on disk before the order leaves, so that whatever the far side made of it is known
 * as ours by the next engine too. Of a failure nothing is left, as far as the far side can be reached.
 */
export async function createRemote(spec: SandboxSpec, deps: CreationDeps, signal: AbortSignal): Promise<Made> {
  const { records, clock } = deps
  const rows = await freeName(spec.name, deps)
  if (signal.aborted) throw cancelled()
  const wireId = deps.names.next(spec.name, (id) => deps.justEnded(id) || rows.has(id))
  const record: RemoteRecord = {
    name: spec.name, id: spec.id, user: spec.user, thread: spec.thread, nonce: spec.nonce,
    configHash: spec.configHash, version: deps.version, createdAt: clock.wall(),
  }
  await records.put(wireId, record)
  try {
    const row = await order(spec, wireId, deps, signal)
    if (signal.aborted) throw cancelled()
    return { wireId, record, row }
  } catch (error) {
    // What cannot be taken back now keeps its record: the provider knows it by its nonce and tries again.
    await deps.end(wireId).catch(() => undefined)
    throw signal.aborted ? cancelled() : error
  }
}

/** NAME_TAKEN if the far side has one of this name; a life of it that is not recorded is a leftover, and goes first. Gives what is listed. */
async function freeName(name: string, { provisioner, records, names, end }: CreationDeps): Promise<ReadonlyMap<string, Row>> {
  const known = records.byName(name)
  const rows = await provisioner.list(listMs)
  if (known) {
    if (rows.has(known.wireId) || (await provisioner.get(known.wireId, listMs)) !== null) throw nameTaken(name)
    await records.drop(known.wireId)
  }
  for (const wireId of rows.keys()) {
    if (names.isOf(wireId, name) && records.get(wireId) === undefined) await end(wireId)
  }
  return rows
}

async function order(spec: SandboxSpec, wireId: string, { provisioner, clock }: CreationDeps, signal: AbortSignal): Promise<Row> {
  const late = new AbortController()
  let patience: { cancel(): void } | null = null
  const unwanted = () => {
    patience = clock.timer(overtakeMs, () => late.abort())
  }
  signal.addEventListener('abort', unwanted, { once: true })
  try {
    return await provisioner.create({ id: wireId, thread: spec.thread, user: spec.user, mounts: spec.mounts }, late.signal)
  } finally {
    signal.removeEventListener('abort', unwanted)
    ;(patience as { cancel(): void } | null)?.cancel()
  }
}
