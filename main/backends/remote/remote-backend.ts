import { randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { onAbort } from '../../../shared/abort.ts'
import { asBerthError, fail } from '../../../shared/errors.ts'
import type { Backend, Found, LoggedLine, Owner, SandboxSpec } from '../backend.ts'
import { cancelled, leadsBack, nameTaken, notCarried, stillThere } from './errors.ts'
import { openProvisioner, type Provisioner } from './provisioner.ts'
import { farId, openRecords, type Records, refOf, type RemoteRecord, type Row, wireNames, type WireNames } from './wire.ts'
import { type RemoteWatch, type Sight, watchRemote } from './watch.ts'
import { backendKinds } from '../../../shared/backends.ts'

export interface RemoteOptions {
  readonly owner: Owner
  readonly version: string
  readonly clock: Clock
  /** http or https; what stands in it as user and password is sent as a key and never shown. */
  readonly url: string
  /** null: the URL's own password, or none. */
  readonly apiKey: string | null
  /** A directory of this engine alone, for a small file a sandbox. */
  readonly dir: string
  /** Whether who answers `nonce` with this proof is the very engine that asks. */
  readonly isSelf: (nonce: string, proof: string) => boolean
  readonly log: Log
}

export interface RemoteBackend extends Backend {
  /** Where the provisioner is, without what is secret in the address. */
  readonly where: string
}

const askMs = 10_000
const factsMs = 5_000
/** How long a deleted sandbox may stay before the removal counts as failed, and the steps in which that is looked at. */
const goneMs = 20_000
const goneStepsMs = [50, 100, 200, 400, 800]
/** Twice the grace that Kubernetes gives a pod by default. */
const outgoingMs = 60_000

interface Seen {
  readonly wireId: string
  readonly record: RemoteRecord | undefined
  readonly row: Row
}

/**
 * Sandboxes of a provisioner: deer-flow's on Kubernetes, or another Berth. It alone says what exists; what its dialect
 * does not carry stands in a file each (`records.ts`). Does not connect. BAD_CONFIG where the address is none.
 */
export async function openRemote(options: RemoteOptions): Promise<RemoteBackend> {
  const { clock } = options
  const provisioner = openProvisioner({ url: addressOf(options.url), apiKey: options.apiKey, clock })
  const { where } = provisioner
  const names = wireNames(options.owner)
  const records = await openRecords(options.dir, names.isOurs, options.log)
  const others = notOurselves(provisioner, options.isSelf)
  const watches = new Set<RemoteWatch>()
  /** Names of which one is being made, and ids of those being removed. */
  const making = new Set<string>()
  const ending = new Map<string, Promise<void>>()
  /** When each ended, for as long as that may matter to the next one of its name. */
  const ended = new Map<string, number>()
  /** What was last known of each: it stands while the far side itself does not know. */
  const states = new Map<string, Found['state']>()

  /** All of ours: rows without a record too. One that the list lacks is asked for by id before it counts as gone. */
  async function observe(timeoutMs: number): Promise<Seen[]> {
    await others(timeoutMs)
    const known = records.all()
    const rows = await provisioner.list(timeoutMs)
    const seen = await Promise.all(
      known.map(async ([wireId, record]): Promise<Seen | null> => {
        if (making.has(record.name)) return null
        const row = rows.get(wireId) ?? (await provisioner.get(wireId, timeoutMs))
        if (records.get(wireId) !== record) return null
        if (row) return { wireId, record, row }
        if (!ending.has(wireId)) await forget(wireId)
        return null
      }),
    )
    const leftovers = [...rows.values()].filter(({ id }) => names.isOurs(id) && records.get(id) === undefined && !known.some(([one]) => one === id))
    return [...seen.filter((one) => one !== null), ...leftovers.map((row): Seen => ({ wireId: row.id, record: undefined, row }))]
  }

  async function forget(wireId: string): Promise<void> {
    states.delete(wireId)
    ended.set(wireId, clock.now())
    const nonce = records.get(wireId)?.nonce ?? null
    await records.drop(wireId)
    for (const watch of watches) watch.gone(refOf(wireId, nonce))
  }

  function justEnded(wireId: string): boolean {
    const now = clock.now()
    for (const [id, at] of ended) if (now - at > outgoingMs) ended.delete(id)
    return ended.has(wireId)
  }

  function stateOf(wireId: string, row: Row): Found['state'] {
    if (row.state !== 'unknown') states.set(wireId, row.state)
    return states.get(wireId) ?? 'running'
  }

  function foundOf({ wireId, record, row }: Seen): Found {
    const state = stateOf(wireId, row)
    return {
      ref: refOf(wireId, record?.nonce ?? null),
      name: record?.name ?? wireId,
      state,
      owner: 'ours',
      id: record?.id ?? null,
      user: record?.user ?? null,
      thread: record?.thread ?? null,
      nonce: record?.nonce ?? null,
      configHash: record?.configHash ?? null,
      version: record?.version ?? null,
      createdAt: record?.createdAt ?? 0,
      url: state === 'exited' ? null : row.url,
      // Neither is told. What lies under a far sandbox's mounts is the far side's.
      image: null,
      exitCode: null,
      mounts: [],
      ...(record ? {} : { leftover: true as const }),
    }
  }

  async function sight(): Promise<Sight> {
    const seen = await observe(factsMs)
    const ours = seen.filter((one): one is Seen & { record: RemoteRecord } => one.record !== undefined)
    return new Map(ours.map(({ wireId, record, row }) => [refOf(wireId, record.nonce), { name: record.name, state: stateOf(wireId, row) }]))
  }

  async function deleteIt(wireId: string): Promise<void> {
    await provisioner.remove(wireId)
    const end = clock.now() + goneMs
    for (let tries = 0; (await provisioner.get(wireId, askMs)) !== null; tries += 1) {
      if (clock.now() > end) throw stillThere(where, wireId, goneMs)
      await clock.sleep(goneStepsMs[Math.min(tries, goneStepsMs.length - 1)] ?? 800)
    }
    await forget(wireId)
  }

  function end(wireId: string): Promise<void> {
    const running = ending.get(wireId)
    if (running) return running
    const work = deleteIt(wireId).finally(() => ending.delete(wireId))
    ending.set(wireId, work)
    return work
  }

  return {
    kind: 'remote',
    isolation: 'remote',
    traits: { ...backendKinds.remote, pause: false, keyless: true },
    where,
    async facts() {
      const [health] = await Promise.all([provisioner.health(factsMs), provisioner.list(factsMs)])
      return { name: `provisioner at ${where}`, version: health.version === null ? '(version unknown)' : `(Berth ${health.version})` }
    },
    async list() {
      return (await observe(askMs)).map(foundOf)
    },
    async inspect(name) {
      await others(askMs)
      const known = records.byName(name)
      // The far side holds names of ours only with our own mark in them: one that nobody recorded is free.
      if (!known) return null
      const row = await provisioner.get(known.wireId, askMs)
      if (row === null) return null
      if (row.state === 'unknown') {
        throw fail('ENGINE_UNREACHABLE', `The provisioner at ${where} itself does not know the state of ${known.wireId}`, {
          next: 'Look there what is wrong with its machine (`kubectl describe pod`, `berth doctor`).',
        })
      }
      return foundOf({ ...known, row })
    },
    prepared: async () => true,
    prepare: async () => {},
    async create(spec, signal) {
      if (making.has(spec.name)) throw nameTaken(spec.name)
      making.add(spec.name)
      try {
        await others(askMs)
        const made = await createRemote(spec, { provisioner, records, names, clock, version: options.version, justEnded, end }, signal)
        const found = foundOf(made)
        for (const watch of watches) watch.made(found)
        return found
      } finally {
        making.delete(spec.name)
      }
    },
    async remove(ref) {
      const wireId = farId(ref)
      // An earlier life of its id is gone already; its successor is left alone.
      if (names.isOurs(wireId) && ref === refOf(wireId, records.get(wireId)?.nonce ?? null)) await end(wireId)
    },
    rename: () => Promise.reject(notCarried('Sandboxes cannot be renamed', where, 'Acquire the thread again.')),
    // There are no slots here, of which alone this is asked.
    startedAt: (ref) => Promise.resolve(ref),
    pause: () => Promise.reject(notCarried('Sandboxes cannot be paused', where, 'Leave them running, or destroy them: files stay.')),
    unpause: () => Promise.reject(notCarried('Sandboxes cannot be paused or woken', where, 'Acquire the thread again.')),
    logs: (ref) => noLog(ref, where),
    watch(listener) {
      const watch = watchRemote({ clock, look: sight, listener })
      watches.add(watch)
      return {
        healthy: () => watch.healthy(),
        close() {
          watches.delete(watch)
          watch.close()
        },
      }
    },
    async close() {
      for (const watch of watches) watch.close()
      watches.clear()
      await provisioner.close()
    },
  }
}

/** The log is where the sandbox is: the dialect has no route for it. */
function noLog(ref: string, where: string): AsyncIterable<LoggedLine> {
  const next = () =>
    Promise.reject(
      notCarried(
        'The log of a remote sandbox cannot be read from here',
        where,
        `Look there: \`kubectl logs sandbox-${farId(ref)}\`, or \`berth logs\` on the other Berth.`,
      ),
    )
  return { [Symbol.asyncIterator]: () => ({ next }) }
}

function addressOf(text: string): URL {
  const url = URL.parse(text)
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return url
  // Not with the value, which may have a key in it.
  throw fail('BAD_CONFIG', 'sandbox.provisioner_url is not an address of the form http://host:port', {
    next: 'Write the address of a deer-flow provisioner or of another Berth’s bridge, e.g. http://10.0.0.5:7878.',
    details: { key: 'provisioner_url' },
  })
}

/** Asked once, before anything else: an engine that provisions from itself would wait for itself. Later calls cost nothing. */
function notOurselves(provisioner: Provisioner, isSelf: RemoteOptions['isSelf']): (timeoutMs: number) => Promise<void> {
  let self: boolean | null = null
  return async (timeoutMs) => {
    if (self === null) {
      const nonce = randomBytes(24).toString('hex')
      try {
        const { proof } = await provisioner.health(timeoutMs, nonce)
        self = proof !== null && isSelf(nonce, proof)
      } catch (error) {
        // It answered, and not as Berth does: whatever it is, it is another.
        if (asBerthError(error).details?.['status'] === undefined) throw error
        self = false
      }
    }
    if (self) throw leadsBack()
  }
}

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

export interface Made {
  readonly wireId: string
  readonly record: RemoteRecord
  readonly row: Row
}

/**
 * Orders one sandbox. The record is on disk before the order leaves, so that whatever the far side made of it is known
 * as ours by the next engine too. Of a failure nothing is left, as far as the far side can be reached.
 */
async function createRemote(spec: SandboxSpec, deps: CreationDeps, signal: AbortSignal): Promise<Made> {
  const { records, clock } = deps
  const rows = await freeName(spec.name, deps)
  if (signal.aborted) throw cancelled()
  const wireId = deps.names.next(spec.name, (id) => deps.justEnded(id) || rows.has(id))
  const record: RemoteRecord = {
    name: spec.name,
    id: spec.id,
    user: spec.user,
    thread: spec.thread,
    nonce: spec.nonce,
    configHash: spec.configHash,
    version: deps.version,
    createdAt: clock.wall(),
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
  const unlisten = onAbort(signal, () => {
    patience = clock.timer(overtakeMs, () => late.abort())
  })
  try {
    return await provisioner.create({ id: wireId, thread: spec.thread, user: spec.user, mounts: spec.mounts }, late.signal)
  } finally {
    unlisten()
    ;(patience as { cancel(): void } | null)?.cancel()
  }
}
