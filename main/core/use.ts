import { asBerthError, type BerthError, fail } from '../../shared/errors.ts'
import type { Selection } from '../../shared/select.ts'
import type { Found } from '../backends/backend.ts'
import type { SandboxApi } from '../sandbox/sandbox-api.ts'
import { inspectSandbox, wake } from './alive.ts'
import type { Core } from './core.ts'
import { type Entry, lookedInto, usable, working } from './registry.ts'
import { orAborted } from '../../shared/abort.ts'
import { loseSandbox } from './loss.ts'
import type { Key } from '../../shared/identity.ts'

/** The entry that a selection names; SANDBOX_NOT_FOUND where there is none. */
export function select(core: Core, selection: Selection): Entry {
  const id = selection.id ?? core.deps.idOf(selection.user, selection.thread ?? '')
  const entry = core.table.get(id)
  if (entry) return entry
  throw noSuchSandbox(selection, core.table.departed(id))
}

/** Runs agent work: it counts as activity while it runs, and fails at once when the container ends. */
export async function useSandbox<T>(
  core: Core,
  selection: Selection,
  work: (api: SandboxApi, signal: AbortSignal, id: string) => Promise<T>,
  {
    signal,
    counts = true,
    wakes = true,
  }: { readonly signal?: AbortSignal | undefined; readonly counts?: boolean | undefined; readonly wakes?: boolean | undefined },
): Promise<T> {
  const entry = await present(core, selection, signal)
  const { id, sandbox } = entry
  const change = (by: 1 | -1) => {
    const now = core.table.get(id)
    if (counts && now?.sandbox?.ref === sandbox.ref) core.save(core.table.set(working(now, by, core.deps.clock.now())))
  }
  if (!wakes && sandbox.state === 'paused') {
    throw fail('SANDBOX_PAUSED', 'The sandbox is paused, and is not woken for a look', { next: 'It has not changed since it was paused; use it to wake it.' })
  }
  if (counts) change(1)
  else if (wakes) lookInto(core, entry)
  try {
    if (sandbox.state === 'paused') await wake(core, entry)
    const client = core.clients.of(sandbox)
    const both = signal ? AbortSignal.any([signal, client.lost]) : client.lost
    return await orAborted(work(client.api, both, id), client.lost)
  } catch (error) {
    throw await explain(core, id, sandbox, error)
  } finally {
    change(-1)
  }
}

/** Noted before it is woken, so that it is not frozen again while somebody still reads. */
export function lookInto(core: Core, { id, sandbox }: Entry & { sandbox: Found }): void {
  const now = core.table.get(id)
  if (now?.sandbox?.ref === sandbox.ref) core.table.set(lookedInto(now, core.deps.clock.now()))
}

/** The selected sandbox, there to be used; one that is being made is waited for. */
export async function present(core: Core, selection: Selection, signal: AbortSignal | undefined): Promise<Entry & { sandbox: Found }> {
  let entry = select(core, selection)
  if (entry.state === 'creating' && core.flights.has(entry.id)) {
    // Joins without holding: the one who started the flight has the hold.
    const { id } = entry
    await core.flights.join(id, { holder: null }, signal, () => Promise.resolve({ path: 'reuse', warnings: [] }))
    entry = select(core, { id, user: entry.user })
  }
  if (!usable(entry)) throw notUsable(entry)
  return entry
}

function notUsable(entry: Entry): Error {
  if (entry.error) return entry.error
  return fail('SANDBOX_NOT_FOUND', `The sandbox is ${entry.state}`, { next: 'Acquire it again.' })
}

/** A connection breaks a moment before the engine has seen why: it is asked again after these milliseconds. */
const settleMs = [0, 50, 250]

/** A call that found nobody at the address, or a stranger: what does the engine say of the container? */
export async function explain(core: Core, id: string, sandbox: Found, error: unknown): Promise<unknown> {
  const problem = asBerthError(error)
  if (problem.code !== 'SANDBOX_UNREACHABLE' && problem.code !== 'SANDBOX_REFUSED') return error
  for (const pause of settleMs) {
    await core.deps.clock.sleep(pause)
    const found = await inspectSandbox(core, sandbox).catch(() => undefined) // unknown: the first error stands
    const entry = core.table.get(id)
    // Whoever noticed its end meanwhile has said why.
    if (entry?.sandbox?.ref !== sandbox.ref || !usable(entry)) return entry?.error ?? problem
    if (found === undefined) return problem
    const gone = found === null || found.ref !== sandbox.ref || found.state === 'exited'
    if (gone || problem.code === 'SANDBOX_REFUSED') return loseSandbox(core, entry, gone ? 'its container ended' : 'another program answers at its address')
  }
  return problem
}

/**
 * What is said of a sandbox that is not there, and of one that is not the caller's to know of. `was`: whose it was, where it is
 * known and the caller's to know: a client that remembers ids learns which thread to acquire again.
 */
export function noSuchSandbox({ id, thread }: { id?: string | undefined; thread?: string | undefined }, was: Key | null = null): BerthError {
  if (thread !== undefined) {
    return fail('SANDBOX_NOT_FOUND', `There is no sandbox of thread ${thread}`, { next: `Acquire it first: \`berth acquire --thread ${thread}\`.` })
  }
  if (was === null) {
    return fail('SANDBOX_NOT_FOUND', `There is no sandbox with id ${id}`, {
      next: 'Acquire its thread again, if you know it: a thread keeps its id and its files. `berth ls` lists what there is.',
    })
  }
  const user = was.user === 'default' ? '' : ` --user ${was.user}`
  return fail('SANDBOX_NOT_FOUND', `The sandbox ${id} of thread ${was.thread} is gone`, {
    next: `Acquire it again, it gets the same id and files: \`berth acquire --thread ${was.thread}${user}\`.`,
    details: { user: was.user, thread: was.thread },
  })
}

/** Asking costs one HTTP call; a sandbox that says nothing within this counts as idle. */
const askMs = 2000

export interface Told {
  /** Commands run in it at this moment. */
  readonly running: boolean
  /** Monotonic ms of the last activity that the sandbox itself knows of, rather too early than too late; null: none. */
  readonly at: number | null
}

/**
 * What a sandbox says of its own work, as a client with its direct address may be working in it. Throws where the engine
 * cannot be asked either: then nothing is known.
 */
export async function askSandbox(core: Core, entry: Entry & { sandbox: NonNullable<Entry['sandbox']> }): Promise<Told> {
  if (entry.sandbox.state === 'paused') return { running: false, at: null }
  const { clock, publish } = core.deps
  const { api } = core.clients.of(entry.sandbox)
  try {
    const asked = clock.now()
    const activity = await api.activity(askMs)
    if (activity.running > 0) return { running: true, at: clock.now() }
    return { running: false, at: activity.idleSeconds === null ? null : asked - activity.idleSeconds * 1000 }
  } catch (error) {
    const found = await inspectSandbox(core, entry.sandbox)
    if (found?.ref === entry.sandbox.ref && found.state === 'running') {
      publish({ type: 'berth.problem', who: 'berth:idle', sandbox: entry.id, text: `It did not say what runs in it: ${asBerthError(error).message}` })
    }
    return { running: false, at: null }
  }
}
